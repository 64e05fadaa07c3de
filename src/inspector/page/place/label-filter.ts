/**
 * The filter of a metric's series: words that all have to hold. Pure.
 *
 *   filter := word*              separated by blanks
 *   word   := label=value        the label has this value; "in quotes" where it has blanks, quotes or
 *                                nothing; \" and \\ and \n in them as in PromQL
 *           | text               some label, or its value, contains it
 */

/** A filter that was read. */
export type LabelFilter = {
  /** Labels with the values that they have to have. */
  readonly exact: Readonly<Record<string, string>>;
  readonly words: readonly string[];
};

/** Labels of a series. */
export type Labels = Readonly<Record<string, string>>;

/** Words beyond these are not looked at. */
const WORDS_MAX = 20;
const WORD = /([^\s"]*)(?:"((?:[^"\\]|\\.)*)"?)?/gs;
/** Names that begin with __ are Prometheus' own. */
const EXACT = /^((?!__)[a-zA-Z_][a-zA-Z0-9_]*)=(.*)$/s;
const PLAIN = /^[^\s"]+$/;

/** Never throws. */
export function parseLabelFilter(text: string): LabelFilter {
  const exact: [string, string][] = [];
  const words: string[] = [];
  const found = [...text.matchAll(WORD)].filter(([word]) => word !== '');
  for (const [, plain = '', quoted] of found.slice(0, WORDS_MAX)) {
    const word = plain + unescaped(quoted ?? '');
    const [, name = '', value = ''] = EXACT.exec(word) ?? [];
    // label= is still being typed; label="" has no value.
    if (name === '' || (value === '' && quoted === undefined)) words.push(word.toLowerCase());
    else exact.push([name, value]);
  }
  return { exact: Object.fromEntries(exact), words };
}

/** Whether labels are as a filter wants them. */
export function fits(labels: Labels, { exact, words }: LabelFilter): boolean {
  const text = labelText(labels).toLowerCase();
  const hasExact = Object.entries(exact).every(([name, value]) => labels[name] === value);
  return hasExact && words.every((word) => text.includes(word));
}

/** The filter that lets exactly these labels through. */
export function filterOf(labels: Labels): string {
  return Object.entries(labels)
    .map(([name, value]) => `${name}=${PLAIN.test(value) ? value : `"${escaped(value)}"`}`)
    .join(' ');
}

/** As between the quotes of PromQL. */
export const escaped = (text: string): string =>
  text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');

const unescaped = (text: string): string =>
  text.replace(/\\(.)/gs, (_, letter: string) => (letter === 'n' ? '\n' : letter));

/** For people. */
export const labelText = (labels: Labels): string =>
  Object.entries(labels)
    .map(([name, value]) => `${name}=${value}`)
    .join(' ');
