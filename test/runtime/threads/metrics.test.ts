/** Figures from outside: while a thread spins, and as Prometheus wants them. */
import { type AnyRef, start } from 'ringmaster';
import { exportMetrics } from 'ringmaster/prometheus';
import { expect, test } from 'vitest';
import { Patient } from './definitions.mjs';

test('metrics - a thread that spins in a handler can be read meanwhile', async () => {
  const system = await start({ threads: 1, hangAfter: '1s', spare: false });
  const ref = (await system.spawn(
    Patient as never,
    { id: 'busy', placement: { thread: 1 } } as never,
  )) as never as AnyRef;
  for (let i = 0; i < 100; i++) await ref.ask('add', 1);
  const lost = ref.ask('fail', 'loop', { timeout: '20s' });
  for (let i = 0; i < 10; i++) ref.tell('add', 1);
  const settled = expect(lost).rejects.toMatchObject({ code: 'RM_THREAD_LOST' });
  expect(system.figuresOf(ref)?.handled).toBeGreaterThanOrEqual(100);
  const { threads, rings } = system.figures();
  expect(threads.map(({ thread }) => thread)).toEqual([0, 1]);
  expect(rings).toContainEqual(expect.objectContaining({ from: 0, to: 1 }));
  const text = await exportMetrics(system, { actors: true }).text();
  expect(text).toMatch(/ringmaster_messages_handled_total\{thread="1"\} \d{3}/);
  expect(text).toContain('ringmaster_actor_mailbox_depth{path="/user/busy"}');
  expect(text).toContain('ringmaster_ring_fill_ratio{from="0",to="1"}');
  expect(text).toContain('ringmaster_dead_letters_total{reason="crashed"} 0');
  expect(text).toMatch(/ringmaster_thread_busy_seconds_total\{thread="1"\} 0\.\d/);
  await settled;
  await system.close();
});
