/** Dead letters of all threads reach the starting one: without what they carried, of a storm a part. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { AnyRef } from '../../../src/runtime/actor/ref.ts';
import type { DeadLetterNote } from '../../../src/runtime/observe/letter-news.ts';
import { SimSystem } from '../../../src/runtime/testkit/sim-system.ts';
import { define } from '../actor/stage.ts';

const Deaf = define(() => ({}));

let sim: SimSystem;
let notes: DeadLetterNote[];
let more: number;
beforeEach(async () => {
  sim = await SimSystem.start({ seed: 11, threads: 2 });
  notes = [];
  more = 0;
  sim.deadLetterNotes.listen((some, others) => {
    notes.push(...some);
    more += others;
  });
});
afterEach(() => sim.until(sim.close()));

const deaf = (thread: number): Promise<AnyRef> =>
  sim.until(sim.spawn(Deaf, { id: `deaf${thread}`, placement: { thread } })) as never;
const tell = (ref: AnyRef, name: unknown): void => void ref.tell(name as never, 'secret' as never);

test('letter news - of every thread, once, with where and why, and not what', async () => {
  for (const thread of [0, 1, 2]) tell(await deaf(thread), 'hello');
  await sim.run('1s');
  const expected = [0, 1, 2].map((thread) => {
    return { thread, to: `/user/deaf${thread}`, name: 'hello', reason: 'unknown' };
  });
  expect(notes.toSorted((a, b) => a.thread - b.thread)).toEqual(expected);
  expect(sim.deadLetterNotes.last()).toEqual(notes);
  expect(JSON.stringify(notes)).not.toContain('secret');
});

test('letter news - of a storm a part, and how many more; what is kept is bounded', async () => {
  const ref = await deaf(1);
  for (let i = 0; i < 1000; i++) tell(ref, `m${i}`);
  await sim.run('1s');
  expect(notes.length + more).toBe(1000);
  expect(notes.length).toBeLessThan(1000);
  expect(notes[0]?.name).toBe('m0');
  for (let i = 0; i < 400; i++) {
    tell(ref, `n${i}`);
    await sim.run('30ms');
  }
  const last = sim.deadLetterNotes.last();
  expect([last.length, last.at(-1)?.name]).toEqual([256, 'n399']);
});

test('letter news - a name may be anything, on a thread that replaces another, too', async () => {
  const ref = await deaf(0);
  const unreadable = {
    toString: () => {
      throw new Error('no');
    },
  };
  for (const name of [Symbol('a'), 5, 'n'.repeat(1_000_000)]) tell(ref, name);
  tell(ref, unreadable);
  await sim.run('1s');
  const named = notes.map(({ name }) => name.slice(0, 30));
  expect(named).toEqual(['Symbol(a)', '5', 'n'.repeat(30), 'a name that cannot be read']);
  expect(notes.every(({ name }) => name.length <= 2500)).toBe(true);
  sim.crashThread(1);
  await sim.run('5s');
  tell(await deaf(1), 'hello');
  await sim.run('1s');
  expect(notes.at(-1)).toMatchObject({ thread: 1, name: 'hello' });
});
