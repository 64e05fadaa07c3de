/**
 * How answers are printed: a table for people, or data for programs in an envelope that says its version
 * and kind. A table has no more columns than it is given; what is empty is a dash. The one place that
 * writes to standard output, and to standard error what is no error.
 */
import { CommandError, EXIT } from './exit-codes.ts';

/** Forms of output. */
export const FORMS = ['table', 'wide', 'json', 'ndjson', 'yaml', 'name'] as const;
/** One of them. */
export type Form = (typeof FORMS)[number];

/** One column of a table. */
export type Column<T> = {
  readonly title: string;
  readonly of: (item: T) => string;
  /** In `wide` only. */
  readonly isWide?: boolean;
};

/** What is listed. */
export type Listing<T> = {
  readonly kind: string;
  readonly items: readonly T[];
  readonly columns: readonly Column<T>[];
  readonly nameOf: (item: T) => string;
};

/** A form by its name. @throws CommandError */
export function formOf(text: string): Form {
  const found = FORMS.find((one) => one === text);
  if (found !== undefined) return found;
  throw new CommandError(EXIT.usage, `-o is ${text}; expected one of ${FORMS.join(', ')}.`);
}

/** One line, or several. */
export function print(text: string): void {
  process.stdout.write(text.endsWith('\n') ? text : `${text}\n`);
}

/** For people, while data goes to standard output. */
export function printAside(text: string): void {
  process.stderr.write(`${text}\n`);
}

/** A list in the form that was asked for. */
export async function printList<T>(form: Form, listing: Listing<T>): Promise<void> {
  const { kind, items, nameOf } = listing;
  if (form === 'name') print(items.map((item) => printable(nameOf(item))).join('\n'));
  else if (form === 'ndjson') print(items.map((item) => jsonText(item)).join('\n'));
  else if (form === 'json' || form === 'yaml') await printData(form, `${kind}List`, { items });
  else print(tableText(form, listing));
}

/** One thing, as data. */
export async function printData(
  form: 'json' | 'yaml',
  kind: string,
  data: Readonly<Record<string, unknown>>,
): Promise<void> {
  const envelope = { apiVersion: 'ringmaster/v1', kind, ...data };
  if (form === 'json') {
    print(jsonText(envelope, 2));
    return;
  }
  const { yamlText } = await import('../actors/index.ts');
  print(yamlText(envelope).replace(/[\u007f-\u009f]/g, '?'));
}

/** Columns as wide as they have to be. */
export function tableText<T>(form: Form, { items, columns }: Listing<T>): string {
  const shown = columns.filter(({ isWide }) => form === 'wide' || isWide !== true);
  const rows = [
    shown.map(({ title }) => title),
    ...items.map((item) => shown.map(({ of }) => printable(of(item)) || '-')),
  ];
  const widths = shown.map((_, i) => Math.max(...rows.map((row) => row[i]?.length ?? 0)));
  return rows
    .map((row) =>
      row
        .map((cell, i) => cell.padEnd(widths[i] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** The same to a program; a terminal obeys nothing of it. */
export function jsonText(value: unknown, indent = 0): string {
  // JSON itself escapes those before them.
  return JSON.stringify(value, null, indent).replace(/[\u007f-\u009f]/g, (character) => {
    return `\\u00${character.charCodeAt(0).toString(16)}`;
  });
}

/** Nothing that a terminal would obey: texts come from programs that we do not know. */
export function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is taken out.
  return text.replace(/[\u0000-\u001f\u007f-\u009f]/g, '?');
}
