/**
 * A fleet from YAML, or what else people write: core schema, no aliases that multiply, no duplicate keys,
 * one document; every problem with its line and column. The only file that knows the package `yaml`.
 */
import { type Document, LineCounter, parseDocument, stringify, visit } from 'yaml';
import { type Problem, problemAt } from './problem.ts';
import { type FleetReading, readFleet } from './read-fleet.ts';

/**
 * Characters of a text. Range: 1 KiB to 16 MiB. A fleet of 200 services is 200 KiB. Higher: a mistaken
 * file takes seconds before it is refused.
 */
export const FLEET_TEXT_MAX: number = 1024 * 1024;
/** Times that aliases may repeat something, over all. Twenty nested aliases could be gigabytes. */
const ALIASES_MAX = 100;
/** Levels; a fleet has about ten. The parser calls itself for each. */
const DEPTH_MAX = 100;

/** Reads a text. Never throws. */
export function readFleetYaml(text: string): FleetReading {
  return readYaml(text, readFleet);
}

type Unread = { readonly ok: false; readonly problems: readonly Problem[] };

/** Reads any text; what `read` finds wrong gets its line and column. Never throws. */
export function readYaml<T extends { readonly ok: boolean }>(
  text: string,
  read: (data: unknown) => T | Unread,
): T | Unread {
  if (text.length > FLEET_TEXT_MAX) {
    const message = `has ${text.length} characters; expected at most ${FLEET_TEXT_MAX}: is it a fleet?`;
    return { ok: false, problems: [problemAt([], message)] };
  }
  const deep = depthProblem(text);
  if (deep !== null) return { ok: false, problems: [deep] };
  const lines = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: lines,
    version: '1.2',
    schema: 'core',
    merge: false,
    uniqueKeys: true,
    strict: true,
    stringKeys: true,
    prettyErrors: false,
    // Not silent: then it would say nothing of a second document either.
    logLevel: 'error',
  });
  const wrong = [...document.errors, ...document.warnings];
  const exhausted = wrong.find(({ message }) => message.includes('call stack'));
  if (exhausted !== undefined) {
    return { ok: false, problems: [tooDeep(lines.linePos(exhausted.pos[0]).line)] };
  }
  if (wrong.length > 0) {
    return { ok: false, problems: wrong.map(({ message, pos }) => placed(lines, pos[0], message)) };
  }
  let data: unknown;
  try {
    data = document.toJS({ maxAliasCount: ALIASES_MAX });
  } catch (error) {
    const message = `${(error as Error).message}; write it out`;
    return { ok: false, problems: [placed(lines, aliasOffset(document), message)] };
  }
  const reading = read(data);
  if (!('problems' in reading)) return reading;
  return { ok: false, problems: reading.problems.map((one) => found(document, lines, one)) };
}

/** Plain data as YAML, for people. */
export function yamlText(data: unknown): string {
  return stringify(data, { version: '1.2', aliasDuplicateObjects: false, lineWidth: 100 });
}

/** Brackets that are open at once, and blanks at the begin of a line: either could exhaust the stack. */
function depthProblem(text: string): Problem | null {
  let [open, line] = [0, 1];
  for (let i = 0; i < text.length; i++) {
    const char = text[i];
    if (char === '\n') line++;
    else if (char === '[' || char === '{') open++;
    else if (char === ']' || char === '}') open = Math.max(0, open - 1);
    if (open > DEPTH_MAX) return tooDeep(line);
  }
  const dashes = /^(?:[ \t]*[-?:][ \t]+){100}/m.exec(text);
  return dashes === null ? null : tooDeep(text.slice(0, dashes.index).split('\n').length);
}

function tooDeep(line: number): Problem {
  const message = `nests more than ${DEPTH_MAX} levels; is it a fleet?`;
  return { path: [], message, line, column: 1 };
}

/** The alias that names nothing, or the first: only aliases make plain data fail. */
function aliasOffset(document: Document): number {
  let first: number | null = null;
  let unresolved: number | null = null;
  visit(document, {
    Alias(_key, node) {
      const at = node.range?.[0] ?? 0;
      first ??= at;
      if (node.resolve(document) === undefined) unresolved ??= at;
    },
  });
  return unresolved ?? first ?? 0;
}

function placed(lines: LineCounter, offset: number, message: string): Problem {
  const { line, col } = lines.linePos(offset);
  return { path: [], message, line, column: col };
}

/** Where the thing is, or the nearest thing around it. */
function found(document: Document, lines: LineCounter, problem: Problem): Problem {
  for (let length = problem.path.length; length > 0; length--) {
    const offset = offsetOf(document, problem.path.slice(0, length));
    if (offset === null) continue;
    const { line, col } = lines.linePos(offset);
    return { ...problem, line, column: col };
  }
  return { ...problem, line: 1, column: 1 };
}

type Placed = { readonly range?: readonly [number, number, number] | null };
type Pair = { readonly key: Placed & { readonly value?: unknown } };

function offsetOf(document: Document, path: readonly (string | number)[]): number | null {
  const parent = document.getIn(path.slice(0, -1), true) as {
    readonly items?: readonly Pair[];
  } | null;
  const last = path.at(-1);
  // The key is where an eye looks for it.
  const pair = parent?.items?.find((one) => 'key' in one && one.key?.value === last);
  const node = (pair?.key ?? document.getIn(path, true)) as Placed | undefined;
  return node?.range?.[0] ?? null;
}
