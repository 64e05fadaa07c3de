/**
 * The walls between the layers, seen to stand: each test plants one fault and expects the wall that
 * is meant for it to report it. Nothing is written into the source tree: Biome and the compiler see
 * copies of their configuration under `build/`, with the planted files in the layers' folders.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';

const ROOT = fileURLToPath(new URL('../', import.meta.url));
const DEADLINE_MS = 60_000;

function run(tool: string, args: readonly string[], cwd: string): string {
  const options = { cwd, encoding: 'utf8', timeout: DEADLINE_MS } as const;
  const { stdout, stderr, error } = spawnSync(`${ROOT}node_modules/.bin/${tool}`, args, options);
  if (error !== undefined) throw error;
  return `${stdout}${stderr}`;
}

function plant(folder: string, files: Readonly<Record<string, string>>): void {
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(dirname(folder + file), { recursive: true });
    writeFileSync(folder + file, text);
  }
}

/** Lints all files in one run; the findings come back by file. */
function lint(files: Readonly<Record<string, string>>): Map<string, string> {
  const copy = `${ROOT}build/lint-walls/`;
  rmSync(copy, { recursive: true, force: true });
  cpSync(`${ROOT}biome`, `${copy}biome`, { recursive: true });
  const config = JSON.parse(readFileSync(`${ROOT}biome.json`, 'utf8')) as {
    vcs?: unknown;
  };
  // The copy lies in an ignored folder, which only Git's ignore file would leave out.
  config.vcs = undefined;
  plant(copy, { ...files, 'biome.json': JSON.stringify(config) });
  const output = run('biome', ['lint', '--reporter=github', '--max-diagnostics=none', '.'], copy);
  const findings = new Map(Object.keys(files).map((file) => [file, '']));
  for (const line of output.split('\n')) {
    const file = /file=([^,]+),/.exec(line)?.[1]?.replace(copy, '');
    if (file !== undefined) findings.set(file, `${findings.get(file) ?? ''}${line}\n`);
  }
  return findings;
}

const NO_IMPORT = 'lint/style/noRestrictedImports';
const NO_GLOBAL = 'lint/style/noRestrictedGlobals';

const planted: readonly (readonly [string, string, string, string])[] = [
  ['hotpath imports a package', 'src/hotpath/a.ts', `import 'msgpackr';`, NO_IMPORT],
  ['hotpath imports Node', 'src/hotpath/ring/a.ts', `import 'node:fs';`, NO_IMPORT],
  [
    'hotpath imports upwards',
    'src/hotpath/ring/a.ts',
    `import '../../runtime/index.ts';`,
    NO_IMPORT,
  ],
  [
    'hotpath imports types upwards',
    'src/hotpath/a.ts',
    `import type { A } from '../actors/index.ts';`,
    NO_IMPORT,
  ],
  ['hotpath re-exports upwards', 'src/hotpath/a.ts', `export * from '../cli/main.ts';`, NO_IMPORT],
  [
    'hotpath imports upwards later',
    'src/hotpath/a.ts',
    `export const a = import('../cli/b.ts');`,
    NO_IMPORT,
  ],
  ['runtime imports upwards', 'src/runtime/a.ts', `import '../actors/index.ts';`, NO_IMPORT],
  [
    'runtime climbs through a window',
    'src/runtime/a.ts',
    `import '../hotpath/ring/ring.ts';`,
    NO_IMPORT,
  ],
  ['runtime imports timers', 'src/runtime/a.ts', `import 'node:timers/promises';`, NO_IMPORT],
  ['runtime imports performance', 'src/runtime/a.ts', `import 'node:perf_hooks';`, NO_IMPORT],
  ['drivers import the host process', 'src/drivers/a.ts', `import '../host/index.ts';`, NO_IMPORT],
  [
    'the inspector imports drivers',
    'src/inspector/a.ts',
    `import '../drivers/index.ts';`,
    NO_IMPORT,
  ],
  [
    'the host process climbs through a window',
    'src/host/a.ts',
    `import '../drivers/host/host-methods.ts';`,
    NO_IMPORT,
  ],
  ['the host process imports upwards', 'src/host/a.ts', `import '../cli/main.ts';`, NO_IMPORT],
  ['the host process reaches for a clock', 'src/host/a.ts', 'setInterval(() => {}, 1);', NO_GLOBAL],
  ['actors import Node', 'src/actors/a.ts', `import 'node:fs';`, NO_IMPORT],
  ['actors import upwards', 'src/actors/healer/a.ts', `import '../../cli/main.ts';`, NO_IMPORT],
  [
    'actors climb through a window',
    'src/actors/a.ts',
    `import '../runtime/ports/clock.ts';`,
    NO_IMPORT,
  ],
  ['actor folders meet', 'src/actors/healer/a.ts', `import '../rollout/index.ts';`, NO_IMPORT],
  ['a clock is reached for', 'src/actors/a.ts', 'export const a = Date.now();', NO_GLOBAL],
  ['a timer is reached for', 'src/runtime/a.ts', 'setTimeout(() => {}, 1);', NO_GLOBAL],
  ['atomics are reached for', 'src/hotpath/a.ts', 'export const a = Atomics;', NO_GLOBAL],
  [
    'chance is reached for',
    'src/actors/a.ts',
    'export const a = Math.random();',
    'not deterministic',
  ],
  [
    'a detour is taken',
    'src/runtime/a.ts',
    'export const a = globalThis.Date;',
    'not deterministic',
  ],
  [
    'arithmetic differs by engine',
    'src/actors/a.ts',
    'export const a = Math.log(2);',
    'arithmetic',
  ],
  ['any', 'src/runtime/a.ts', 'export const a: any = 1;', 'noExplicitAny'],
  ['a non-null assertion', 'src/runtime/a.ts', 'export const a = [1][0]!;', 'noNonNullAssertion'],
  ['an enum', 'src/runtime/a.ts', 'export enum A { B }', 'noEnum'],
  ['a default export', 'src/runtime/a.ts', 'export default 1;', 'noDefaultExport'],
  ['a camel-case file', 'src/runtime/aB.ts', 'export const a = 1;', 'useFilenamingConvention'],
  ['a skipped test', 'test/a.test.ts', `test.skip('x', () => {});`, 'noSkippedTests'],
];

const allowed: Readonly<Record<string, string>> = {
  'src/runtime/ports/system-a.ts': 'export const a = Date.now();\n',
  'src/hotpath/mem.ts': 'export const a = Atomics;\n',
  'src/hotpath/ring/door.ts': `export * from '../mem.ts';\n`,
  'src/actors/door.ts': `export * from '../runtime/index.ts';\n`,
  'src/actors/healer/door.ts': `export * from '../../runtime/index.ts';\n`,
};

describe('walls', () => {
  // A file of its own for each fault: several share a name above.
  const fileOf = (path: string, index: number): string =>
    path.replace(
      /([^/]*)\.(test\.)?ts$/,
      (_all, name: string, suffix = '') => `${name}-${index}.${suffix}ts`,
    );
  let findings = new Map<string, string>();

  beforeAll(() => {
    const files = planted.map(([, path, code], index) => [fileOf(path, index), `${code}\n`]);
    findings = lint({ ...Object.fromEntries(files), ...allowed });
  }, DEADLINE_MS);

  test.each(planted.map((row, index) => [...row, index] as const))(
    'walls - lint reports that %s',
    (_fault, path, _code, report, index) => {
      expect(findings.get(fileOf(path, index))).toContain(report);
    },
  );

  test.each(Object.keys(allowed))('walls - lint lets %s be', (file) => {
    expect(findings.get(file)).toBe('');
  });

  test('walls - the compiler knows no Node below the runtime and no way up', () => {
    const copy = `${ROOT}build/walls/`;
    rmSync(copy, { recursive: true, force: true });
    for (const layer of ['hotpath', 'runtime', 'actors']) {
      mkdirSync(`${copy}src/${layer}`, { recursive: true });
      cpSync(`${ROOT}src/${layer}/tsconfig.json`, `${copy}src/${layer}/tsconfig.json`);
    }
    cpSync(`${ROOT}tsconfig.base.json`, `${copy}tsconfig.base.json`);
    const files = {
      'hotpath/node.ts': 'setTimeout(() => undefined, 1);\n',
      'hotpath/up.ts': `export { x } from '../actors/x.ts';\n`,
      'runtime/door.ts': `export const clock: () => number = () => process.uptime();\n`,
      'actors/x.ts': 'export const x: number = process.pid;\n',
    };
    plant(`${copy}src/`, files);
    const below = run('tsc', ['-p', 'src/hotpath', '--pretty', 'false'], copy);
    expect(below).toMatch(/hotpath\/node\.ts\(1,1\): error TS2304: Cannot find name 'setTimeout'/);
    expect(below).toMatch(/hotpath\/up\.ts.*error TS6307/);
    const middle = run('tsc', ['-p', 'src/runtime', '--pretty', 'false'], copy);
    expect(middle).not.toMatch(/runtime\/door\.ts/);
    const above = run('tsc', ['-p', 'src/actors', '--pretty', 'false'], copy);
    expect(above).toMatch(/actors\/x\.ts\(1,26\): error TS2\d+: Cannot find name 'process'/);
  });
});
