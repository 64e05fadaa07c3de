/** A brain that says when it is up and does what the test orders. */
import { createConnection } from 'node:net';
import { createInterface } from 'node:readline';
import { connectAgent, SOCKET_VARIABLE } from 'ringmaster/agent';

const { CONTROL, BRAIN_AT_ONCE: atOnce } = process.env;
if (atOnce === 'exit') process.exit(3);
const control = createConnection(CONTROL);
const say = (message) => control.write(`${JSON.stringify(message)}\n`);
process.on('SIGTERM', () => {
  say({ heard: 'SIGTERM' });
  if (atOnce !== 'ignore-term') process.exit(0);
});

const client = await connectAgent({
  socket: process.env[SOCKET_VARIABLE],
  onExit: (child) => say({ ended: child }),
  onReconnect: () => say({ reconnected: true }),
});
const isBrain = await client.beat();
say({ up: process.pid, isBrain });

const ACTS = {
  exit: ({ code }) => process.exit(code),
  throw: () =>
    queueMicrotask(() => {
      throw new Error('a bug of the brain');
    }),
  hang: () => {
    for (;;);
  },
  memory: () => {
    const all = [];
    for (;;) all.push(new Array(1e6).fill(all.length));
  },
  note: ({ event }) => client.note(event),
  start: ({ epoch, child, spec }) => client.start(epoch, child, spec),
  signal: ({ epoch, child, signal }) => client.signal(epoch, child, signal),
  forget: ({ epoch, child }) => client.forget(epoch, child),
  list: () => client.list(),
  status: () => client.status(),
};

createInterface({ input: control }).on('line', async (line) => {
  const { id, ...order } = JSON.parse(line);
  try {
    say({ id, ok: (await ACTS[order.do](order)) ?? null });
  } catch (error) {
    say({ id, code: error.code, message: error.message });
  }
});
