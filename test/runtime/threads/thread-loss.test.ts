/**
 * What happens when a thread is lost: its actors come back, its refs go on working, the others do
 * not notice.
 */
import { type AnyDefinition, type AnyRef, type RuntimeEvent, type System, start } from 'ringmaster';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Patient, Stillborn } from './definitions.mjs';

let system: System;
const events: RuntimeEvent[] = [];
beforeAll(async () => {
  system = await start({
    threads: 2,
    hangAfter: '150ms',
    threadHeapMb: 48,
    onEvent: (event) => events.push(event),
  });
});
afterAll(() => system.close());

const spawn = (definition: AnyDefinition, thread: number, options = {}): Promise<AnyRef> =>
  system.spawn(definition as never, { placement: { thread }, ...options } as never) as never;

/** Asks until the actor is there again. */
async function answer(ref: AnyRef, name: string): Promise<unknown> {
  for (;;) {
    try {
      return await ref.ask(name, undefined, { timeout: '20s' });
    } catch (error) {
      expect(error).toMatchObject({
        code: expect.stringMatching(/RM_MAILBOX_FULL|RM_THREAD_LOST/),
      });
      await system.quiet(1);
    }
  }
}

// Guards: S4. `memory` ends the thread by its heap limit.
test.each(['exit', 'loop', 'regex', 'memory'])(
  'thread loss - %s in a handler: the actor serves again, a neighbour elsewhere keeps its state',
  async (kind) => {
    const ref = await spawn(Patient, 1);
    const elsewhere = await spawn(Patient, 2);
    const here = await spawn(Patient, 1);
    await elsewhere.ask('add', 3);
    await ref.ask('add', 1);
    const lost = ref.ask('fail', kind, { timeout: '20s' });
    await expect(lost).rejects.toMatchObject({ code: 'RM_THREAD_LOST' });
    expect(await answer(ref, 'sum')).toBe(0);
    expect(await answer(here, 'thread')).toBe(1);
    expect(await elsewhere.ask('sum')).toBe(3);
    expect(events.filter((event) => event.kind === 'thread-replaced').length).toBeGreaterThan(0);
  },
);

test('thread loss - a thread that cannot be ended is fenced, and its actors move', async () => {
  // Guards: S4.
  const ref = await spawn(Patient, 1);
  const lost = ref.ask('fail', 'blocked', { timeout: '20s' });
  await expect(lost).rejects.toMatchObject({ code: 'RM_THREAD_LOST' });
  expect(events).toContainEqual({ kind: 'thread-fenced', thread: 1 });
  expect(await answer(ref, 'sum')).toBe(0);
  expect(ref.tell('add', 5)).toBe('accepted');
  expect(await answer(ref, 'sum')).toBe(5);
});

// Guards: S2, S4. The stop column of the matrix; what a thread survives is tested in virtual time.
test.each(['throw', 'overflow', 'exit', 'loop', 'regex', 'memory'])(
  'thread loss - %s in a stop hook: the stop still ends, and the thread serves again',
  async (kind) => {
    const ref = await spawn(Patient, 1);
    await ref.ask('failAtEnd', kind);
    const down = system.watch(ref);
    await system.stop(ref);
    expect(await down).toMatchObject({ key: ref.key });
    const next = await spawn(Patient, 1);
    expect(await answer(next, 'thread')).toBe(1);
  },
);

test('thread loss - what was kept by a checkpoint comes back with the actor', async () => {
  const ref = await spawn(Patient, 1);
  await ref.ask('keep', { total: 42 });
  system.killThread(1);
  expect(await answer(ref, 'restored')).toEqual({ total: 42 });
});

test('thread loss - a watcher of an actor that comes back hears nothing', async () => {
  // Guards: D7, RT-4.
  const ref = await spawn(Patient, 1);
  const watcher = await spawn(Patient, 2);
  await watcher.ask('watch', ref);
  system.killThread(1);
  await answer(ref, 'sum');
  expect(await watcher.ask('sum')).toBe(0);
  await system.stop(ref);
  await expect.poll(() => watcher.ask('sum')).toBe('shutdown');
});

test('thread loss - a temporary actor ends with its thread, and its watcher hears that', async () => {
  // Guards: D7, S2.
  const ref = await spawn(Patient, 1, { restart: 'temporary' });
  const down = system.watch(ref);
  system.killThread(1);
  expect(await down).toMatchObject({ key: ref.key });
  expect(ref.tell('add', 1)).not.toBe('accepted');
});

test('thread loss - a group is restarted together, wherever its members live', async () => {
  // Guards: S2.
  const group = system.supervisor({ strategy: 'one_for_all', backoff: false });
  const options = (thread: number) => ({ placement: { thread } }) as never;
  const one = (await group.spawn(Patient as never, options(1))) as never as AnyRef;
  const other = (await group.spawn(Patient as never, options(2))) as never as AnyRef;
  system.killThread(1);
  await answer(one, 'sum');
  await expect.poll(() => other.ask('incarnation')).toBe(1);
  await group.stop();
});

test.each(['throw', 'overflow', 'exit', 'loop', 'regex', 'memory'])(
  'thread loss - %s in setup rejects the spawn',
  async (kind) => {
    const spawned = spawn(Stillborn, 1, { args: { kind } });
    await expect(spawned).rejects.toMatchObject({ code: expect.stringMatching(/^RM_/) });
    const ref = await spawn(Patient, 1);
    expect(await answer(ref, 'thread')).toBe(1);
  },
);

test('thread loss - afterwards every accepted message is accounted for', async () => {
  // Guards: D3.
  expect(await system.quiet()).toBe(true);
  const { inFlight, lost } = system.figures();
  expect(inFlight).toBe(0);
  expect(lost).toBeGreaterThan(0);
});
