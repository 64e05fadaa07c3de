/**
 * Erlang as a contender: compiles bench/erlang into build/erlang, starts one `erl` for the whole
 * measurement and lets it run a scenario at each call; the time is taken inside Erlang. Where
 * Erlang is not installed the contender says so and is skipped.
 */
import { execFileSync, spawn } from 'node:child_process';
import { accessSync, constants, mkdirSync, readdirSync, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { BenchContender, BenchTask } from '../harness/row.ts';

const SOURCES = fileURLToPath(new URL('../../../bench/erlang/', import.meta.url));
const COMPILED = fileURLToPath(new URL('../../erlang/', import.meta.url));
/** Two schedulers, as ours has two threads; no crash reports, which would be measured, too. */
const FLAGS = ['-noshell', '-pa', COMPILED, '+S', '2', '-kernel', 'logger_level', 'none'];

/** A scenario of bench/erlang/*.erl, of `full` operations a call, or `quick` ones. */
export function erlang(scenario: string, full: number, quick: number): BenchContender {
  return {
    skip: () => (isInstalled('erl') && isInstalled('erlc') ? null : 'erl is not installed'),
    prepare: (options) => startErlang(scenario, options.quick ? quick : full),
  };
}

function isInstalled(program: string): boolean {
  return (process.env.PATH ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

function startErlang(scenario: string, size: number): BenchTask {
  compile();
  const child = spawn('erl', [...FLAGS, '-run', 'bench_main', 'main', scenario], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, ERL_CRASH_DUMP_SECONDS: '0' },
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  let cost = Number.NaN;
  return {
    opsPerCall: size,
    call: async () => {
      child.stdin.write(`${size}\n`);
      const line = await lines.next();
      if (line.done === true) throw new Error(`erl ended in scenario ${scenario}`);
      const [figure, checksum] = line.value.split(' ').map(Number);
      cost = figure ?? Number.NaN;
      return checksum ?? Number.NaN;
    },
    own: () => cost,
    close: () => {
      child.stdin.end();
      child.kill();
    },
  };
}

function compile(): void {
  mkdirSync(COMPILED, { recursive: true });
  const stale = readdirSync(SOURCES)
    .filter((name) => name.endsWith('.erl'))
    .filter((name) => {
      const to = statSync(COMPILED + name.replace('.erl', '.beam'), { throwIfNoEntry: false });
      return to === undefined || to.mtimeMs < statSync(SOURCES + name).mtimeMs;
    });
  if (stale.length === 0) return;
  execFileSync('erlc', ['-o', COMPILED, ...stale.map((name) => SOURCES + name)]);
}
