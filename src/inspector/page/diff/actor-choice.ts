/**
 * Which changed actors a filter lets through, in which order. The words are those of the table of actors,
 * where numbers mean by how much a figure is another one; and `came`, `went`, `changed`. Pure.
 */
import {
  type NumberName,
  numberMatches,
  type Order,
  parseFilter,
  pathMatches,
  type Term,
} from '../place/filter.ts';
import { type ActorChange, type ActorKind, deltaOf } from './actor-changes.ts';

const KINDS: readonly ActorKind[] = ['came', 'went', 'changed'];

/** What was read of a filter. */
export type ActorChoice = {
  readonly rows: readonly ActorChange[];
  /** Null: the largest change first. */
  readonly order: Order | null;
  readonly kinds: readonly ActorKind[];
  readonly wrong: string | null;
};

/** Never throws. */
export function chosenOf(changes: readonly ActorChange[], text: string): ActorChoice {
  const words = text.split(/\s+/);
  const kinds = KINDS.filter((kind) => words.includes(kind));
  const rest = words.filter((word) => !KINDS.some((kind) => kind === word)).join(' ');
  const { terms, order, wrong } = parseFilter(rest);
  const rows = changes.filter(
    (change) =>
      (kinds.length === 0 || kinds.includes(change.kind)) &&
      terms.every((term) => matches(change, term)),
  );
  return { rows: order === null ? rows : ordered(rows, order), order, kinds, wrong };
}

/** The same filter with this kind alone; null: with all of them. */
export function withKind(text: string, kind: ActorKind | null): string {
  const words = text.split(/\s+/).filter((word) => !KINDS.some((one) => one === word));
  return [...(kind === null ? [] : [kind]), ...words].filter((word) => word !== '').join(' ');
}

function matches(change: ActorChange, term: Term): boolean {
  if (term.kind === 'path') return pathMatches(change.path, term);
  return numberMatches(Math.abs(amountOf(change, term.name)), term.is, term.value);
}

function amountOf(change: ActorChange, name: NumberName): number {
  // Between two moments everybody gets older: nobody is chosen by that.
  if (name === 'age') return Number.NaN;
  return name === 'thread' ? change.thread : deltaOf(change, name);
}

/** By how much, whether it is more or less; ties stay as they were. */
function ordered(rows: ActorChange[], { by, isDescending }: Order): ActorChange[] {
  const sign = isDescending ? -1 : 1;
  if (by === 'path') return rows.sort((a, b) => (a.path < b.path ? -sign : sign));
  const amount = (one: ActorChange): number => Math.abs(amountOf(one, by));
  return rows.sort((a, b) => sign * (amount(a) - amount(b)));
}
