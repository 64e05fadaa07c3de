/**
 * Every `js` block in the documents is run as a program of its own, in the repository, where the
 * package finds itself by name. A trailing comment on a `console.log` line is what it must print.
 */
import { execFile } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { readRepository } from '../tidy/repository.ts';

const FOLDER = fileURLToPath(new URL('../../build/docs-examples/', import.meta.url));
const DEADLINE_MS = 60_000;
const run = promisify(execFile);

const examples = readRepository()
  .filter((file) => file.path.endsWith('.md'))
  .flatMap((file) =>
    [...file.text.matchAll(/^```js\n([\s\S]*?)^```$/gm)].map((block, index) => ({
      name: `${file.path} #${index + 1}`,
      code: block[1] as string,
    })),
  );

describe('docs', () => {
  test('docs - there are examples to run', () => {
    expect(examples.map((example) => example.name)).toContain('README.md #1');
    expect(examples.map((example) => example.name)).toContain('src/hotpath/ring/README.md #1');
    expect(examples.map((example) => example.name)).toContain('docs/getting-started.md #2');
  });

  test.each(examples)('docs - $name runs and prints what it says', async ({ name, code }) => {
    mkdirSync(FOLDER, { recursive: true });
    const file = `${FOLDER}${name.replaceAll(/[^\w]+/g, '-')}.mjs`;
    writeFileSync(file, code);
    const { stdout } = await run(process.execPath, [file], { timeout: DEADLINE_MS });
    const promised = [...code.matchAll(/console\.log\(.*\);? \/\/ (.*)$/gm)].map((line) => line[1]);
    expect(promised.length).toBeGreaterThan(0);
    expect(stdout.trimEnd().split('\n')).toEqual(promised);
  });
});
