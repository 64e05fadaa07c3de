/** Actors on real threads: placement, messages both ways, failures that stay inside the actor. */
import { type AnyDefinition, type AnyRef, type System, start } from 'ringmaster';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Gate, Narrow, Patient, Sink, Stillborn } from './definitions.mjs';

let system: System;
beforeAll(async () => {
  system = await start({ threads: 2, spare: false });
});
afterAll(() => system.close());

const spawn = (definition: AnyDefinition, thread: number): Promise<AnyRef> =>
  system.spawn(definition as never, { placement: { thread } } as never) as never;
const patient = (thread: number): Promise<AnyRef> => spawn(Patient, thread);

test('threads - an actor lives where it was placed', async () => {
  for (const thread of [0, 1, 2]) {
    expect(await (await patient(thread)).ask('thread')).toBe(thread);
  }
  const byKey = { placement: { key: 'ann' } } as never;
  const [one, other] = (await Promise.all([
    system.spawn(Patient as never, byKey),
    system.spawn(Patient as never, byKey),
  ])) as unknown as AnyRef[];
  expect(await one?.ask('thread')).toBe(await other?.ask('thread'));
  await expect(patient(9)).rejects.toThrow('RM_SUPERVISOR_OPTION');
});

test('threads - messages of one sender arrive in order, whatever their size', async () => {
  // Guards: D1, D2.
  const sink = await spawn(Sink, 1);
  const sender = await patient(2);
  const sizes = [0, 1, 63, 4000, 32_760, 32_769, 40_000, 300_000];
  for (const size of sizes) expect(sink.tell('item', 'x'.repeat(size))).toBe('accepted');
  // What waits for room in the ring makes a question find it full.
  await system.quiet();
  const items = (await sink.ask('items')) as string[];
  expect(items.map((item) => item.length)).toEqual(sizes);
  await sender.ask('tellTo', { ref: sink, count: 5000 });
  await system.quiet();
  const all = (await sink.ask('items')) as number[];
  expect(all.slice(sizes.length)).toEqual(Array.from({ length: 5000 }, (_, i) => i));
});

test('threads - a ref is a value that travels and compares', async () => {
  const ref = await patient(1);
  const self = (await ref.ask('self')) as AnyRef;
  expect(self.key).toBe(ref.key);
  const other = await patient(2);
  const echoed = (await other.ask('echo', { deep: [ref] })) as { deep: [AnyRef] };
  expect(await echoed.deep[0].ask('thread')).toBe(1);
});

test('threads - an error crosses with all its parts', async () => {
  // Guards: D9, D8.
  const ref = await patient(1);
  const error = await ref.ask('fail', 'throw').catch((caught: unknown) => caught);
  expect(error).toMatchObject({ name: 'RingmasterError', code: 'RM_ACTOR_CRASHED' });
  const cause = (error as Error).cause as Error & { code: string; data: unknown };
  expect(cause).toBeInstanceOf(TypeError);
  expect(cause).toMatchObject({
    message: 'thrown on request',
    code: 'E_REQUEST',
    data: { asked: true },
  });
  expect((cause.cause as Error).message).toBe('the cause');
  expect(cause.stack).toContain('definitions.mjs');
  // What stands under it is tested without a test runner's own stacks: see packaging.
  expect((error as Error).stack).toContain('--- asked by ---');
});

test.each(['throw', 'overflow'])(
  'threads - %s in a handler restarts the actor only',
  async (kind) => {
    // Guards: S2.
    const ref = await patient(1);
    const neighbour = await patient(1);
    await neighbour.ask('add', 5);
    await ref.ask('add', 1);
    for (const name of ['fail', 'failLater']) {
      await expect(ref.ask(name, kind)).rejects.toThrow('RM_ACTOR_CRASHED');
    }
    expect(await ref.ask('incarnation')).toBe(2);
    expect(await ref.ask('sum')).toBe(0);
    expect(await neighbour.ask('sum')).toBe(5);
  },
);

test('threads - a setup that throws rejects the spawn with its error', async () => {
  const spawn = system.spawn(Stillborn as never, { args: { kind: 'throw' } } as never);
  const error = await spawn.catch((caught: unknown) => caught);
  expect(error).toMatchObject({ code: 'RM_SPAWN_FAILED' });
  expect(((error as Error).cause as Error).message).toBe('thrown on request');
});

test('threads - a definition that a thread cannot load is named with the cure', async () => {
  const ghost = { ...(Patient as object), url: 'file:///nowhere/ghost.mjs', name: 'Ghost' };
  const error = await system.spawn(ghost as never).catch((caught: unknown) => caught);
  expect(error).toMatchObject({ code: 'RM_DEFINITION_NOT_FOUND' });
  expect((error as Error).message).toContain('file:///nowhere/ghost.mjs');
  expect((error as Error).message).toContain('actor(import.meta.url');
});

test('threads - a payload that cannot travel is refused at the sender, by path', async () => {
  const ref = await patient(1);
  expect(() => ref.tell('echo', { items: [{ onClose: () => 1 }] })).toThrow('items[0].onClose');
  await expect(ref.ask('echo', new Promise(() => undefined))).rejects.toThrow(
    'RM_PAYLOAD_UNSUPPORTED',
  );
});

test('threads - a stream is taken item by item', async () => {
  const ref = await patient(2);
  const items: unknown[] = [];
  for await (const item of ref.stream('count', 100, { credit: 4 })) items.push(item);
  expect(items).toEqual(Array.from({ length: 100 }, (_, i) => i + 1));
});

test('threads - an item that cannot travel ends its stream at both ends', async () => {
  const ref = await patient(2);
  const items: unknown[] = [];
  const taken = (async () => {
    for await (const item of ref.stream('unsendable')) items.push(item);
  })();
  await expect(taken).rejects.toMatchObject({ code: 'RM_PAYLOAD_UNSUPPORTED' });
  expect(items).toEqual([1]);
  expect(await ref.ask('sum')).toBe(-1);
});

test.each([0, 1])(
  'threads - a name that is no message is a dead letter on thread %i',
  async (thread) => {
    const ref = await patient(thread);
    for (const name of ['$down', '$timer', '$pull', '__proto__', 'toString', '', 5, undefined]) {
      expect(['accepted', 'full']).toContain(ref.tell(name as string, {}));
    }
    expect(await ref.ask('incarnation')).toBe(0);
    await expect(ref.ask('constructor')).rejects.toMatchObject({ code: 'RM_UNKNOWN_MESSAGE' });
  },
);

test('threads - what cannot travel may be thrown all the same', async () => {
  // Guards: S6.
  const ref = await patient(1);
  await ref.ask('child');
  await expect.poll(() => ref.ask('sum')).toBe('crash');
  expect(await ref.ask('incarnation')).toBe(0);
});

test('threads - a question that cannot be forwarded is answered with the reason', async () => {
  // Guards: D8.
  const [ref, to] = [await patient(1), await patient(2)];
  expect(await ref.ask('forward', { to, name: 'thread' })).toBe(2);
  await expect(ref.ask('forwardFunction', to)).rejects.toMatchObject({
    code: 'RM_PAYLOAD_UNSUPPORTED',
  });
  const stream = ref.stream('forward', { to, name: 'count', payload: 3 });
  await expect(stream.next()).rejects.toMatchObject({ code: 'RM_STREAM' });
});

test('threads - a watcher on another thread hears of the end once', async () => {
  // Guards: D7.
  const watched = await patient(1);
  const watcher = await patient(2);
  await watcher.ask('watch', watched);
  const seen = system.watch(watched);
  await system.stop(watched);
  expect(await seen).toMatchObject({ reason: 'shutdown', key: watched.key });
  await system.quiet();
  expect(await watcher.ask('sum')).toBe('shutdown');
  expect(watched.tell('add', 1)).toBe('stopped');
  await expect(watched.ask('sum')).rejects.toThrow('RM_ACTOR_STOPPED');
});

test('threads - a full mailbox elsewhere is visible, and send waits in order', async () => {
  // Guards: D4, D5.
  const gate = await spawn(Gate, 0);
  const ref = await spawn(Narrow, 1);
  const blocked = ref.ask('block', gate);
  const numbers = Array.from({ length: 30 }, (_, i) => i);
  const sends = numbers.map((i) => ref.send('one', i));
  const settled = Promise.allSettled(sends);
  // Some find room, sixteen wait, the rest are refused.
  await expect(Promise.all(sends)).rejects.toThrow('RM_MAILBOX_FULL');
  expect(ref.tell('one', -1)).toBe('full');
  await expect(ref.ask('got')).rejects.toThrow('RM_MAILBOX_FULL');
  gate.tell('open');
  await blocked;
  const sent = (await settled).flatMap(({ status }, i) => (status === 'fulfilled' ? [i] : []));
  expect(sent.length).toBeGreaterThan(16);
  expect(sent.length).toBeLessThan(30);
  await system.quiet();
  expect(await ref.ask('got')).toEqual(sent);
});

test('threads - a rejection that nobody awaits ends neither actor nor thread', async () => {
  // Guards: S6.
  const heard = new Promise((resolve) => {
    const off = system.onEvent((event) => {
      if (event.kind !== 'unhandled') return;
      off();
      resolve(event);
    });
  });
  const ref = await patient(1);
  expect(await ref.ask('floating')).toBe('sent');
  expect(await heard).toMatchObject({ kind: 'unhandled', thread: 1 });
  expect(await ref.ask('incarnation')).toBe(0);
});

test('threads - every accepted message is accounted for', async () => {
  // Guards: D3.
  expect(await system.quiet()).toBe(true);
  const { inFlight, total, sent } = system.figures();
  expect(inFlight).toBe(0);
  expect(total.handled).toBeGreaterThan(5000);
  expect(sent).toBeGreaterThan(0);
});
