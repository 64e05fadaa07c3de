/**
 * Two copies of the built package and its benchmarks that differ in one thing: one does not write the
 * runtime's figures. Made from the built files, so that the source needs no switch. A pattern that
 * no longer matches is an error: the comparison would compare nothing. Conservation needs the first
 * two counters; they stay.
 */
import { cpSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

/** What the copy without figures leaves out: in which file, and what stands there instead. */
export const CUTS: readonly {
  readonly file: string;
  readonly from: RegExp;
  readonly to: string;
}[] = [
  ...['turned', 'waits', 'waited'].map((name) => ({
    file: 'dist/runtime/host/seat-memory.js',
    from: new RegExp(`(^    ${name}\\([^)]*\\)) \\{[\\s\\S]*?^    \\}`, 'm'),
    to: '$1 {}',
  })),
  {
    file: 'dist/runtime/dispatcher/dispatcher.js',
    from: /\(\+\+this\.readies & this\.sampleMask\) === 0/,
    to: 'false',
  },
  {
    file: 'dist/runtime/dispatcher/dispatcher.js',
    from: /if \(cell === this\.sampled\)\s+this\.sample\(cell\);/,
    to: '',
  },
  {
    file: 'dist/runtime/host/host.js',
    from: /^ +counters\[(?:[2-9]|\d\d)\] = .*\n/gm,
    to: '',
  },
];

/** @throws when a cut finds nothing to cut. Exported for its test. */
export function cut(text: string, { file, from, to }: (typeof CUTS)[number]): string {
  const without = text.replace(from, to);
  if (without === text) throw new Error(`${file} has nothing like ${from}; mend CUTS.`);
  return without;
}

/** Counts what writes figures in place of writing them, and says so now and then, from any thread. */
const COUNTS: typeof CUTS = [
  {
    file: 'dist/runtime/host/seat-memory.js',
    from: /(^ {4}turned\([^)]*\)) \{[\s\S]*?^ {4}\}/m,
    to: `$1 {
        this.turns = (this.turns ?? 0) + 1;
        this.thread ??= Math.random();
        if ((this.turns & 1023) === 0) process._rawDebug(this.thread, this.turns, this.shows);
    }`,
  },
  {
    file: 'dist/runtime/host/host.js',
    from: /(^ {4}showCounters\(\) \{)/m,
    to: '$1 this.memory.shows = (this.memory.shows ?? 0) + 1;',
  },
];

/** The folder of a fresh copy: with the figures, without, or one that counts turns. */
export function copyOf(kind: 'with' | 'without' | 'counting'): string {
  const folder = `${ROOT}build/metrics-cost/${kind}/`;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(`${folder}build`, { recursive: true });
  cpSync(`${ROOT}package.json`, `${folder}package.json`);
  cpSync(`${ROOT}dist`, `${folder}dist`, { recursive: true });
  cpSync(`${ROOT}build/bench`, `${folder}build/bench`, { recursive: true });
  symlinkSync(`${ROOT}node_modules`, `${folder}node_modules`);
  const cuts = { with: [], without: CUTS, counting: COUNTS }[kind];
  for (const one of cuts) {
    const path = folder + one.file;
    writeFileSync(path, cut(readFileSync(path, 'utf8'), one));
  }
  return folder;
}
