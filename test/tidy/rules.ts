/**
 * The house rules that no off-the-shelf checker knows. Each takes files and returns findings in
 * the form `path:line: X is banned, use Y`. Pure: the test feeds them the repository, and their
 * own tests feed them bad strings.
 */
import type { SourceFile } from './repository.ts';

export type Rule = (files: readonly SourceFile[]) => string[];

/** Lines that the head of a file may take; a layout's drawing and a lifecycle's may take more. */
const HEAD_LINES_MAX = 14;
const FILE_LINES_EXPLAIN = 400;
const FILE_LINES_MAX = 600;
/** The formatter keeps code at 100; what it cannot break, prose and strings, may reach this. */
const LINE_COLUMNS_MAX = 110;

const isCode = (file: SourceFile): boolean =>
  /^(src|test|bench|examples)\/.*\.(tsx?|mjs)$/.test(file.path) && !isExempt(file);
const isExempt = (file: SourceFile): boolean => /\.generated\.ts$|\.d\.ts$/.test(file.path);
const isSource = (file: SourceFile): boolean => file.path.startsWith('src/') && isCode(file);
const isTest = (file: SourceFile): boolean => file.path.startsWith('test/') && isCode(file);

/** Findings for each line that matches; `advice` ends the sentence. */
function ban(files: readonly SourceFile[], pattern: RegExp, advice: string): string[] {
  const findings: string[] = [];
  for (const file of files) {
    file.text.split('\n').forEach((line, index) => {
      const match = pattern.exec(line);
      if (match !== null)
        findings.push(`${file.path}:${index + 1}: ${match[0]} is banned, ${advice}`);
    });
  }
  return findings;
}

function head(file: SourceFile): string | null {
  return /^(?:#!.*\n)?\/\*\*[\s\S]*?\*\//.exec(file.text)?.[0] ?? null;
}

export const opensWithHead: Rule = (files) =>
  files.filter(isCode).flatMap((file) => {
    const comment = head(file);
    if (comment === null) return [`${file.path}:1: a missing head is banned, say what the file is`];
    const lines = comment.split('\n').length;
    const mayDraw = /-layout\.ts$/.test(file.path) || /[─▶│]/.test(comment);
    if (lines <= HEAD_LINES_MAX || mayDraw) return [];
    return [`${file.path}:1: a head of ${lines} lines is banned, use at most ${HEAD_LINES_MAX}`];
  });

export const staysSmall: Rule = (files) =>
  files.filter(isCode).flatMap((file) => {
    const lines = file.text.split('\n').length;
    if (lines > FILE_LINES_MAX) {
      return [`${file.path}:1: ${lines} lines are banned, split the file at ${FILE_LINES_MAX}`];
    }
    if (lines <= FILE_LINES_EXPLAIN || (head(file) ?? '').includes('one idea')) return [];
    return [`${file.path}:1: ${lines} lines are banned, unless the head says why it is one idea`];
  });

export const linesAreShort: Rule = (files) =>
  files.filter(isCode).flatMap((file) =>
    file.text.split('\n').flatMap((line, index) => {
      const columns = [...line].length;
      if (columns <= LINE_COLUMNS_MAX || /https?:|biome-ignore|^import /.test(line)) return [];
      return [`${file.path}:${index + 1}: ${columns} columns are banned, use ${LINE_COLUMNS_MAX}`];
    }),
  );

const VAGUE = /(^|\/)(utils?|common|core|lib|misc|helpers?|shared)(\/|\.tsx?$)/;

export const namesAreIdeas: Rule = (files) =>
  files
    .filter(isCode)
    .filter((file) => VAGUE.test(file.path))
    .map(
      (file) => `${file.path}:1: a vague name is banned, name the file or folder after its idea`,
    );

export const offsetsLiveInLayouts: Rule = (files) =>
  ban(
    files.filter((file) => isSource(file) && !/-layout\.ts$|mem\.ts$|\/kernel\//.test(file.path)),
    /^(export )?const \w+_(WORD|OFFSET_BYTES)\b/,
    'declare offsets in a *-layout.ts',
  );

export const statusMovesInOnePlace: Rule = (files) => {
  // The first value, in a constructor, is no move.
  const moves = (text: string): boolean =>
    /\.status = /.test(text.replace(/ {2}constructor\([\s\S]*?\n {2}\}\n/g, ''));
  const writers = files.filter((file) => isSource(file) && moves(file.text));
  const byFolder = new Map<string, string[]>();
  for (const { path } of writers) {
    const folder = path.slice(0, path.lastIndexOf('/'));
    byFolder.set(folder, [...(byFolder.get(folder) ?? []), path]);
  }
  return [...byFolder.values()]
    .filter((paths) => paths.length > 1)
    .flatMap((paths) =>
      paths.map((path) => `${path}:1: "status =" in a second file is banned, use transition()`),
    );
};

const CODE = /'(RM_[A-Z0-9_]+)'/g;

export const errorCodesAreDeclared: Rule = (files) => {
  const findings: string[] = [];
  const declared = new Map<string, string>();
  const sources = files.filter(isSource);
  for (const file of sources.filter((candidate) => candidate.path.endsWith('/errors.ts'))) {
    for (const [, code] of file.text.matchAll(/\| '(RM_[A-Z0-9_]+)'/g)) {
      const other = declared.get(code as string);
      if (other !== undefined)
        findings.push(`${file.path}:1: ${code} twice is banned, ${other} has it`);
      declared.set(code as string, file.path);
    }
  }
  const used = new Set<string>();
  for (const file of sources) {
    const body = file.text.replaceAll(/\| '(RM_[A-Z0-9_]+)'/g, '');
    for (const [, code] of body.matchAll(CODE)) {
      used.add(code as string);
      if (!declared.has(code as string)) {
        findings.push(`${file.path}:1: ${code} is banned, declare it in the layer's errors.ts`);
      }
    }
  }
  for (const [code, path] of declared) {
    if (!used.has(code)) findings.push(`${path}:1: ${code} is banned, nothing raises it`);
  }
  return findings;
};

/** Numbers that a document claims to hold, with the file that claims it. */
export function claimedInvariants(files: readonly SourceFile[]): Map<string, string> {
  const claimed = new Map<string, string>();
  for (const file of files) {
    if (file.path === 'ARCHITECTURE.md') {
      for (const [, id] of file.text.matchAll(/^\* \*\*((?:HOT|RT|ACT)-\d+)\*\*/gm)) {
        claimed.set(id as string, file.path);
      }
    }
    if (file.path === 'docs/semantics.md') {
      for (const [, id] of file.text.matchAll(/^\| ([DSRP]\d+) \|.*\| \*held\*/gm)) {
        claimed.set(id as string, file.path);
      }
    }
  }
  return claimed;
}

export const invariantsAreGuarded: Rule = (files) => {
  const cited = new Set<string>();
  for (const file of files.filter(isTest)) {
    for (const [, list] of file.text.matchAll(/Guards:? ((?:[A-Z]+-?\d+[ ,.]*)+)/g)) {
      for (const id of (list as string).split(/[ ,.]+/)) cited.add(id);
    }
  }
  return [...claimedInvariants(files)]
    .filter(([id]) => !cited.has(id))
    .map(([id, path]) => `${path}:1: ${id} without a test is banned, cite it: "// Guards: ${id}"`);
};

export const invariantsAreListed: Rule = (files) => {
  const listed = files.find((file) => file.path === 'ARCHITECTURE.md')?.text ?? '';
  return files
    .filter(isSource)
    .flatMap((file) =>
      [...file.text.matchAll(/Invariant ((?:HOT|RT|ACT)-\d+)/g)]
        .filter(([, id]) => !listed.includes(`**${id}**`))
        .map(([, id]) => `${file.path}:1: ${id} is banned, list it in ARCHITECTURE.md`),
    );
};

/** In the control plane all but the shells is pure: a machine may call what stands beside it. */
export const machinesArePure: Rule = (files) => {
  const machines = files.filter((file) => isSource(file) && file.path.endsWith('.machine.ts'));
  const isControl = (file: { readonly path: string }): boolean =>
    file.path.startsWith('src/actors/');
  return [
    ...ban(
      machines.filter((file) => !isControl(file)),
      /^import (?!type ).*from '(?!.*\.(machine|config)\.ts').*'/,
      'a machine imports types, configs and machines only',
    ),
    ...ban(
      machines.filter(isControl),
      /from '(?:.*\.actor\.ts|(?!\.\/|\.\.\/(protocol|arithmetic|spec)\/|\.\.\/\.\.\/hotpath\/).*)'/,
      'a machine imports what is pure: of its folder, protocol, arithmetic, spec',
    ),
  ];
};

export const librariesEnterOnce: Rule = (files) => {
  const entries = new Map<string, string>();
  const findings: string[] = [];
  for (const file of files.filter(isSource)) {
    const [, layer = ''] = /^src\/(\w+)/.exec(file.path) ?? [];
    for (const [, name] of file.text.matchAll(/from '((?:@[\w-]+\/)?[a-z][\w-]*)[^']*'/g)) {
      // Each layer has a door of its own to a library: it may not reach through another one's.
      const key = `${layer} ${name}`;
      const first = entries.get(key);
      if (name === 'node' || first === file.path) continue;
      if (first !== undefined) {
        findings.push(`${file.path}:1: ${name} in a second file is banned, go through ${first}`);
      } else entries.set(key, file.path);
    }
  }
  return findings;
};

/** The test of the walls plants what this rule bans. */
const obeysTestRules = (file: SourceFile): boolean =>
  isTest(file) && file.path !== 'test/walls.test.ts';

export const testsNeitherSleepNorSkip: Rule = (files) => [
  ...ban(files.filter(obeysTestRules), /\.(only|skip|todo|skipIf|fails)\(/, 'every test runs'),
  ...ban(
    files.filter(obeysTestRules),
    /\b(setTimeout|setInterval|sleep)\(/,
    'await an event or move a clock',
  ),
];

/** Spelled in pieces, or this file would be its own finding. */
const UNFINISHED = new RegExp(
  `\\b(${['TO' + 'DO', 'FIX' + 'ME', 'X' + 'XX', 'HA' + 'CK'].join('|')})\\b`,
);

export const nothingIsUnfinished: Rule = (files) =>
  ban(files.filter(isCode), UNFINISHED, 'finish it or open an issue');

export const onlyTheCliPrints: Rule = (files) =>
  ban(
    files.filter((file) => isSource(file) && !file.path.startsWith('src/cli/')),
    /\bconsole\.\w+/,
    'only cli prints',
  );

export const noMachineIsNamed: Rule = (files) => [
  ...ban(files, /(^|[\s"'`(=])\/(work|root|home\/\w+)\//, 'no path of a machine belongs here'),
  ...ban(
    files.filter((file) => file.path.endsWith('package-lock.json')),
    /"resolved":/,
    'no registry belongs into the lockfile',
  ),
];

/** Files through which the wall's time passes on its way to people. */
const WALL = /^src\/(agent\/(system-time|crash-reports)|runtime\/(ports\/|testkit\/sim-).*)\.ts$/;

export const wallIsForPeople: Rule = (files) =>
  ban(
    files.filter((file) => isSource(file) && !WALL.test(file.path)),
    /\b(wallMs|wallTime)\b/,
    'use monotonicMs: the wall jumps',
  );

/** Every rule, by the name under which it reports. */
export const RULES: Readonly<Record<string, Rule>> = {
  opensWithHead,
  staysSmall,
  linesAreShort,
  namesAreIdeas,
  offsetsLiveInLayouts,
  statusMovesInOnePlace,
  errorCodesAreDeclared,
  invariantsAreGuarded,
  invariantsAreListed,
  machinesArePure,
  librariesEnterOnce,
  testsNeitherSleepNorSkip,
  nothingIsUnfinished,
  onlyTheCliPrints,
  noMachineIsNamed,
  wallIsForPeople,
};
