/**
 * The house rules, applied to the repository; and the rules themselves, applied to bad strings: a
 * checker that checks nothing would be worse than none.
 */
import { describe, expect, test } from 'vitest';
import { readRepository } from './tidy/repository.ts';
import { claimedInvariants, RULES } from './tidy/rules.ts';

const repository = readRepository();

describe('tidy', () => {
  test('tidy - the rules see the repository', () => {
    expect(repository.filter((file) => file.path.startsWith('src/')).length).toBeGreaterThan(20);
    expect(claimedInvariants(repository).size).toBeGreaterThan(5);
  });

  test.each(Object.entries(RULES))('tidy - %s', (_name, rule) => {
    expect(rule(repository)).toEqual([]);
  });
});

const HEAD = '/** What it is. */\n';
const unfinished = ['TO', 'DO'].join('');
const home = ['', 'work', 'main'].join('/');
const skip = ['test', 'skip('].join('.');
const sleep = ['set', 'Timeout('].join('');

const bad: readonly (readonly [keyof typeof RULES, string, string, RegExp])[] = [
  ['opensWithHead', 'src/hotpath/a.ts', 'export {};\n', /a missing head/],
  ['opensWithHead', 'src/hotpath/a.ts', `/**\n${' * x\n'.repeat(20)} */\n`, /a head of 22 lines/],
  ['opensWithHead', 'src/inspector/page/a.tsx', 'export {};\n', /a missing head/],
  ['namesAreIdeas', 'src/inspector/page/helpers.tsx', HEAD, /a vague name/],
  ['staysSmall', 'src/hotpath/a.ts', HEAD + '\n'.repeat(700), /split the file/],
  ['staysSmall', 'src/hotpath/a.ts', HEAD + '\n'.repeat(450), /one idea/],
  ['linesAreShort', 'test/a.test.ts', `${HEAD}// ${'x'.repeat(110)}\n`, /113 columns/],
  ['namesAreIdeas', 'src/hotpath/utils/a.ts', HEAD, /a vague name/],
  ['namesAreIdeas', 'src/runtime/helpers.ts', HEAD, /a vague name/],
  ['offsetsLiveInLayouts', 'src/hotpath/a.ts', `${HEAD}const TAIL_WORD = 3;\n`, /-layout\.ts/],
  [
    'errorCodesAreDeclared',
    'src/hotpath/a.ts',
    `${HEAD}throw f('RM_NOT_DECLARED');\n`,
    /declare it/,
  ],
  ['errorCodesAreDeclared', 'src/hotpath/errors.ts', `${HEAD}| 'RM_UNUSED'\n`, /nothing raises it/],
  ['invariantsAreGuarded', 'ARCHITECTURE.md', '* **HOT-99** holds\n', /HOT-99 without a test/],
  ['invariantsAreGuarded', 'docs/semantics.md', '| D99 | x | *held* |\n', /D99 without a test/],
  ['invariantsAreListed', 'src/hotpath/a.ts', `${HEAD}// Invariant HOT-98: x\n`, /list it/],
  [
    'machinesArePure',
    'src/actors/a.machine.ts',
    `${HEAD}import { x } from '../b.ts';\n`,
    /a machine/,
  ],
  [
    'machinesArePure',
    'src/actors/a/a.machine.ts',
    `${HEAD}import { x } from './a.actor.ts';\n`,
    /a machine/,
  ],
  ['testsNeitherSleepNorSkip', 'test/a.test.ts', `${HEAD}${skip}'x')\n`, /every test runs/],
  ['testsNeitherSleepNorSkip', 'test/a.test.ts', `${HEAD}${sleep}f, 1)\n`, /await an event/],
  ['nothingIsUnfinished', 'src/hotpath/a.ts', `${HEAD}// ${unfinished}: later\n`, /finish it/],
  ['onlyTheCliPrints', 'src/runtime/a.ts', `${HEAD}console.log(1);\n`, /only cli prints/],
  ['noMachineIsNamed', 'README.md', `see ${home}/x\n`, /no path of a machine/],
  ['noMachineIsNamed', 'package-lock.json', '"resolved": "x"\n', /no registry/],
  ['wallIsForPeople', 'src/runtime/a.ts', `${HEAD}clock.wallMs();\n`, /the wall jumps/],
];

describe('tidy rules', () => {
  test.each(bad)('tidy rules - %s reports %s', (rule, path, text, message) => {
    const findings = RULES[rule]?.([{ path, text }]) ?? [];
    expect(findings.join('\n')).toMatch(message);
    expect(findings[0]).toMatch(/^[\w./-]+:\d+: .* banned, /);
  });

  test('tidy rules - a status is moved in one file of a folder', () => {
    const files = ['a', 'b'].map((name) => ({
      path: `src/runtime/cell/${name}.ts`,
      text: `${HEAD}cell.status = 'running';\n`,
    }));
    expect(RULES.statusMovesInOnePlace?.(files)).toHaveLength(2);
    expect(RULES.statusMovesInOnePlace?.(files.slice(1))).toEqual([]);
  });

  test('tidy rules - a library enters by one file', () => {
    const files = ['a', 'b'].map((name) => ({
      path: `src/runtime/${name}.ts`,
      text: `${HEAD}import { pack } from 'msgpackr';\nimport { x } from 'node:fs';\n`,
    }));
    expect(RULES.librariesEnterOnce?.(files)).toEqual([
      'src/runtime/b.ts:1: msgpackr in a second file is banned, go through src/runtime/a.ts',
    ]);
  });

  test('tidy rules - good files pass every rule', () => {
    const files = [
      { path: 'src/hotpath/good.ts', text: `${HEAD}export const GOOD = 1;\n` },
      { path: 'test/good.test.ts', text: `${HEAD}// Guards: HOT-1\n` },
    ];
    for (const [name, rule] of Object.entries(RULES))
      expect([name, rule(files)]).toEqual([name, []]);
  });
});
