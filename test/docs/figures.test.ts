/** No figure in the README is typed by hand: the table is what the script makes of the results. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

interface FiguresScript {
  withFigures(readme: string): string;
}

const SCRIPT = new URL('../../scripts/readme-figures.mjs', import.meta.url);
const README = new URL('../../README.md', import.meta.url);

test('docs - the figures in the README are those of the committed results', async () => {
  const { withFigures } = (await import(SCRIPT.href)) as FiguresScript;
  const readme = readFileSync(README, 'utf8');
  expect(readme).toBe(withFigures(readme));
  expect(readme).toMatch(/\| B14 \| .* \| met \|/);
  expect(() => withFigures('no markers')).toThrow(/lacks/);
});
