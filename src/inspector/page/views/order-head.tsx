/** The head of a column that rows can be ordered by; pressed again, the other way round. */
import type { NumberName, Order } from '../place/filter.ts';

/** What it is told. */
export type OrderHeadProps = {
  readonly by: NumberName | 'path';
  readonly name: string;
  /** Null: rows are ordered by something else. */
  readonly order: Order | null;
  readonly choose: (order: Order) => void;
};

/** One of a grid's heads. */
export function OrderHead({ by, name, order, choose }: OrderHeadProps) {
  const own = order?.by === by ? order : null;
  const direction = own?.isDescending ? 'descending' : 'ascending';
  // Numbers are asked for because of the highest ones.
  const isDescending = own === null ? by !== 'path' : !own.isDescending;
  return (
    <span
      role="columnheader"
      class={by === 'path' ? '' : 'number'}
      aria-sort={own === null ? 'none' : direction}
    >
      <button type="button" onClick={() => choose({ by, isDescending })}>
        {name}
        <span aria-hidden="true">{own === null ? '' : own.isDescending ? ' ↓' : ' ↑'}</span>
      </button>
    </span>
  );
}
