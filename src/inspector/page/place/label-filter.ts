/**
 * The filter of a metric's series: words that all have to hold. Pure.
 *
 *   filter := word*              separated by blanks
 *   word   := label=value        the label has this value; "in quotes" where it has blanks
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
const WORD = /[^\s"]+(?:"[^"]*"?)?|"[^"]*"?/g;
const EXACT = /^([a-zA-Z_][a-zA-Z0-9_]*)=(.+)$/;

/** Never throws. */
export function parseLabelFilter(text: string): LabelFilter {
  const exact: Record<string, string> = {};
  const words: string[] = [];
  for (const quoted of (text.match(WORD) ?? []).slice(0, WORDS_MAX)) {
    const word = quoted.replaceAll('"', '');
    const [, name = '', value = ''] = EXACT.exec(word) ?? [];
    if (name === '') words.push(word.toLowerCase());
    else exact[name] = value;
  }
  return { exact, words };
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
    .map(([name, value]) => `${name}=${/[\s"]/.test(value) ? `"${value}"` : value}`)
    .join(' ');
}

/** For people. */
export const labelText = (labels: Labels): string =>
  Object.entries(labels)
    .map(([name, value]) => `${name}=${value}`)
    .join(' ');
