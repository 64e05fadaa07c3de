/** Places and generations: a stale ref finds nobody. */
import { fc, test } from '@fast-check/vitest';
import { expect } from 'vitest';
import type { Cell } from '../../../src/runtime/cell/cell.ts';
import { CellTable } from '../../../src/runtime/host/cell-table.ts';
import { codeOf } from '../../hotpath/error-code.ts';
import { define, Stage } from '../actor/stage.ts';

/** As much of a cell as a table looks at. */
const cellAt = (table: CellTable): Cell => {
  const index = table.take();
  return { index, generation: table.generationOf(index) } as Cell;
};

test.prop([fc.array(fc.nat({ max: 5 }), { maxLength: 200 })])(
  'cell table - no two actors of a place have one generation',
  (steps) => {
    // Guards: RT-3.
    const table = new CellTable(8, 0);
    const live: Cell[] = [];
    const seen = new Set<string>();
    for (const step of steps) {
      if (step < 3 && live.length < 8) {
        const cell = cellAt(table);
        table.set(cell);
        live.push(cell);
        const key = `${cell.index}.${cell.generation}`;
        expect(seen.has(key)).toBe(false);
        seen.add(key);
      } else if (live.length > 0) {
        const [cell] = live.splice(step % live.length, 1) as [Cell];
        table.remove(cell);
        expect(table.find(cell.index, cell.generation)).toBe(null);
      }
      for (const cell of live) expect(table.find(cell.index, cell.generation)).toBe(cell);
      expect(table.size).toBe(live.length);
    }
  },
);

test('cell table - the next worker of a seat uses other generations, and keeps reserved ones', () => {
  // Guards: RT-3.
  const first = new CellTable(8, 0);
  const second = new CellTable(8, 1);
  const before = cellAt(first);
  second.reserve(before.index, before.generation);
  expect(second.isReserved(before.index, before.generation)).toBe(true);
  const after = cellAt(second);
  expect(after.index).not.toBe(before.index);
  expect(after.generation).not.toBe(before.generation);
  second.set(before);
  expect(second.find(before.index, before.generation)).toBe(before);
  expect(second.isReserved(before.index, before.generation)).toBe(false);
});

test('cell table - a full thread says how to have more actors', () => {
  const stage = new Stage({ actorsMax: 4 });
  const Idle = define(() => ({}));
  const fill = (): void => {
    for (let i = 0; i < 9; i++) stage.host.spawner.child(null, Idle as never);
  };
  expect(codeOf(fill)).toBe('RM_ACTORS_MAX');
});
