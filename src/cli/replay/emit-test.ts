/**
 * A recorded crash as a file of vitest: spawns the actor, tells it what it was told, and expects that it does
 * not crash. It fails until that is so. Pure.
 */
import { dirname, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { CrashRecording } from './crash-recording.ts';

const IDENTIFIER = /^[A-Za-z_$][\w$]*$/;
/** Characters of an error in a test's name. */
const TITLE_MAX = 120;

/** The text of a test to stand in `file`. @throws Error for what cannot be written as one */
export function testOf(recording: CrashRecording, file: string): string {
  const { path, actor, isWhole, messages, error } = recording;
  if (!IDENTIFIER.test(actor.name)) throw new Error(`${actor.name} is no name of an export`);
  const lines = messages.map(({ name, payload }, index) => {
    if (payload !== null) return `  actor.tell(${JSON.stringify(name)}, ${payload});`;
    const what = `message ${index + 1} (${name}) carried what cannot be written as an expression`;
    throw new Error(`${what}, such as a ref, a function or more than 20,000 characters`);
  });
  if (actor.args === null) throw new Error('what it was started with cannot be written down');
  const title = `${actor.name} - handles what it once failed by: ${firstLine(error)}`;
  const args = actor.args === 'undefined' ? '' : `, { args: ${actor.args} }`;
  const midway = isWhole
    ? []
    : ['// It was recorded in the middle of its life: what it was told before is not here.'];
  return [
    `// Recorded of ${oneLine(path)}, which failed with ${firstLine(error)}`,
    ...midway,
    "import { start } from 'ringmaster';",
    "import { expect, test } from 'vitest';",
    `import { ${actor.name} } from ${JSON.stringify(moduleFrom(actor.url, file))};`,
    '',
    `test(${JSON.stringify(title)}, async () => {`,
    '  const system = await start();',
    '  const crashes = [];',
    '  system.onEvent((event) => {',
    "    if (event.kind === 'actor-crashed') crashes.push(event.error);",
    '  });',
    `  const actor = await system.spawn(${actor.name}${args});`,
    ...lines,
    '  await system.quiet();',
    '  await system.close();',
    '  expect(crashes).toEqual([]);',
    '});',
    '',
  ].join('\n');
}

/** Relative to the test, so that both can be moved together. */
function moduleFrom(url: string, file: string): string {
  const path = relative(dirname(file), fileURLToPath(url)).replaceAll(sep, '/');
  return path.startsWith('.') ? path : `./${path}`;
}

const oneLine = (text: string): string => text.replaceAll(/[\r\n\u2028\u2029]+/g, ' ');

const firstLine = (text: string): string =>
  oneLine(text.split('\n', 1)[0] as string).slice(0, TITLE_MAX);
