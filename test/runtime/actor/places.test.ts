/** Places of actors: a ref to one that has ended finds nobody, however its place is used again. */
import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import type { Cell } from '../../../src/runtime/cell/cell.ts';
import { CellTable } from '../../../src/runtime/host/cell-table.ts';
import { codeOf } from '../../hotpath/error-code.ts';
import { define, Stage } from './stage.ts';

type Place = { readonly index: number; readonly generation: number };

function put(table: CellTable, index: number): Place {
  const place = { index, generation: table.generationOf(index) };
  table.set(place as Cell);
  return place;
}

const act = fc.oneof(
  fc.record({ do: fc.constant('take' as const) }),
  fc.record({ do: fc.constant('remove' as const), which: fc.nat(20) }),
  fc.record({ do: fc.constant('replace' as const), keeps: fc.array(fc.nat(20), { maxLength: 5 }) }),
  fc.record({ do: fc.constant('comeBack' as const), which: fc.nat(20) }),
  fc.record({ do: fc.constant('release' as const), which: fc.nat(20) }),
);

describe('places', () => {
  // Guards: RT-3
  test.prop([fc.array(act, { maxLength: 80 })])(
    'places - two actors that ever had one place differ in generation, over workers, too',
    (acts) => {
      let epoch = 0;
      let table = new CellTable(16, epoch);
      let live: Place[] = [];
      let kept: Place[] = [];
      const used = new Set<string>();
      for (const what of acts) {
        if (what.do === 'take' && live.length + kept.length < 16) {
          const place = put(table, table.take());
          const name = `${place.index}.${place.generation}`;
          expect(used.has(name)).toBe(false);
          used.add(name);
          live.push(place);
        } else if (what.do === 'remove') {
          const [gone] = live.splice(what.which % (live.length || 1), 1);
          if (gone !== undefined) {
            table.remove(gone as Cell);
            expect(table.find(gone.index, gone.generation)).toBeNull();
          }
        } else if (what.do === 'replace') {
          table = new CellTable(16, ++epoch);
          kept = what.keeps.flatMap((which) => live.splice(which % (live.length || 1), 1));
          live = [];
          for (const { index, generation } of kept) table.reserve(index, generation);
        } else if (what.do === 'comeBack' || what.do === 'release') {
          const [back] = kept.splice(('which' in what ? what.which : 0) % (kept.length || 1), 1);
          if (back === undefined) continue;
          expect(table.isReserved(back.index, back.generation)).toBe(true);
          if (what.do === 'release') expect(table.release(back.index, back.generation)).toBe(true);
          else {
            table.set(back as Cell);
            live.push(back);
          }
          expect(table.release(back.index, back.generation)).toBe(false);
        }
        for (const { index, generation } of live) {
          expect(table.find(index, generation)).not.toBeNull();
        }
        expect(table.size).toBe(live.length);
      }
    },
  );

  // Guards: RT-3
  test('places - a stale ref is stopped, also when its place has another actor', async () => {
    const stage = new Stage({ actorsMax: 2 });
    const Echo = define(() => ({ echo: (n: number) => n }));
    const first = await stage.system.spawn(Echo, { id: 'a' });
    await stage.system.spawn(Echo);
    await expect(stage.system.spawn(Echo)).rejects.toMatchObject({ code: 'RM_ACTORS_MAX' });
    await stage.system.stop(first);
    const second = await stage.system.spawn(Echo, { id: 'a' });
    expect(first.tell('echo', 1)).toBe('stopped');
    expect([first.equals(second as never), second.equals(second as never)]).toEqual([false, true]);
    expect(first.key).not.toBe(second.key);
    expect(stage.system.figuresOf(first)).toBeNull();
    expect(await second.ask('echo', 2)).toBe(2);
    expect(stage.system.figuresOf(second)).toMatchObject({ handled: 1, depth: 0, restarts: 0 });
  });

  test('places - ids are segments between slashes, and nothing else', async () => {
    const stage = new Stage();
    const Echo = define(() => ({}));
    for (const id of ['', '/a', 'a/', 'a//b', 'a b', 'é', 'x'.repeat(201)]) {
      await expect(stage.system.spawn(Echo, { id })).rejects.toMatchObject({
        code: 'RM_ID_INVALID',
      });
    }
    await stage.system.spawn(Echo, { id: 'cart/ann@example.org:1~2+3-4_5' });
    expect(stage.system.paths()).toEqual(['/user/cart/ann@example.org:1~2+3-4_5']);
    expect(codeOf(() => stage.system.supervisor({ name: 'no way' }))).toBe('RM_ID_INVALID');
  });
});
