/**
 * Rows that we mean to answer differently, each with its reason in docs/deviations.md. None today: the
 * functions that controllers decide by follow the tables to the last row.
 */
export const DEVIATIONS: ReadonlySet<string> = new Set<string>();

/** Names a row whatever its position: file, table, name. */
export function rowKey(row: {
  readonly file: string;
  readonly table: string;
  readonly name: string;
}): string {
  return `${row.file}/${row.table}/${row.name}`;
}
