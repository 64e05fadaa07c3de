/** How a system ends under load: what was accepted is handled, what comes later is refused. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { type AnyDefinition, type AnyRef, type System, start } from 'ringmaster';
import { expect, test } from 'vitest';
import { Patient, Sink } from './definitions.mjs';

const spawnSink = async (system: System): Promise<AnyRef> =>
  (await system.spawn(Sink as never, { placement: 'same' } as never)) as never;

test('shutdown - everything that was accepted is handled before the actors end', async () => {
  // Guards: S7, D3.
  const system = await start({ threads: 2, spare: false });
  const spawn = (definition: AnyDefinition, thread: number): Promise<AnyRef> =>
    system.spawn(definition as never, { placement: { thread } } as never) as never;
  const sinks = await Promise.all([spawn(Sink, 1), spawn(Sink, 2), spawn(Sink, 0)]);
  let accepted = 0;
  for (let i = 0; i < 6000; i++) {
    for (const sink of sinks) if (sink.tell('item', i) === 'accepted') accepted++;
  }
  const ends = sinks.map((sink) => system.watch(sink));
  const closed = system.close({ deadline: '10s' });
  expect(system.close()).toBe(closed);
  await expect(spawn(Patient, 1)).rejects.toMatchObject({ code: 'RM_SYSTEM_CLOSED' });
  for (const end of ends) expect(await end).toMatchObject({ reason: 'shutdown' });
  await closed;
  const { inFlight, deadLetters, total } = system.figures();
  expect({ inFlight, deadLetters }).toEqual({ inFlight: 0, deadLetters: 0 });
  expect(total.handled).toBe(accepted);
  for (const sink of sinks) expect(sink.tell('item', 0)).toBe('stopped');
});

test('shutdown - an actor that does not end is abandoned at its deadline', async () => {
  // Guards: S7.
  const system = await start({ threads: 1, spare: false });
  const stuck = (await system.spawn(
    Patient as never,
    {
      placement: { thread: 1 },
      stopDeadline: 20,
    } as never,
  )) as never as AnyRef;
  const asked = stuck.ask('slowly', undefined, { timeout: '30s' });
  const settled = expect(asked).rejects.toMatchObject({ code: 'RM_ACTOR_STOPPED' });
  await system.close({ deadline: '5s' });
  await settled;
});

test('shutdown - its deadline holds for all that does not end together', async () => {
  // Guards: S7.
  const system = await start({ threads: 1, spare: false, hangAfter: '1m' });
  const refs: AnyRef[] = [];
  for (const thread of [0, 0, 1, 1]) {
    const ref = (await system.spawn(
      Patient as never,
      { placement: { thread } } as never,
    )) as never as AnyRef;
    await ref.ask('holdEnd');
    refs.push(ref);
  }
  refs[3]?.ask('fail', 'loop', { timeout: '1m' }).catch(() => undefined);
  const last = system.watch(await spawnSink(system));
  await system.close({ deadline: 300 });
  expect(await last).toMatchObject({ reason: 'shutdown' });
});

test('shutdown - with a flood from another thread, mailboxes stay within their bounds', async () => {
  // Guards: R1, D4.
  const system = await start({ threads: 1, spare: false });
  const [sink] = [
    (await system.spawn(Sink as never, { placement: { thread: 1 } } as never)) as never as AnyRef,
  ];
  let full = 0;
  let deepest = 0;
  for (let i = 0; i < 400_000; i++) {
    if (sink.tell('item', i) === 'full') full++;
    if (i % 1000 === 0) deepest = Math.max(deepest, system.figuresOf(sink)?.depth ?? 0);
  }
  expect(full).toBeGreaterThan(0);
  // The capacity, and what a ring holds when the gate closes.
  expect(deepest).toBeLessThanOrEqual(16_384 + 8192);
  expect(await system.quiet('30s')).toBe(true);
  await system.close();
});

test.each([0, 1])('shutdown - with %i threads nothing keeps the process', async (threads) => {
  // Guards: S7.
  const program = `
    import { start } from 'ringmaster';
    import { Sink } from '${new URL('./definitions.mjs', import.meta.url)}';
    const system = await start({ threads: ${threads} });
    const sink = await system.spawn(Sink, { id: 'sink' });
    await sink.ask('item', 1);
    await system.close();
    console.log(process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length);`;
  const args = ['--input-type=module', '-e', program];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  expect(stdout).toBe('0\n');
});
