/**
 * Carts on actor threads in three seconds: typed messages between threads, a crash that only its own
 * cart feels, and a thread that is killed and comes back with its actors. It needs nothing but the
 * package itself. The same module is imported by the threads, where `start` does nothing.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { actor, shape, start } from 'ringmaster';

export const Cart = actor(import.meta.url, {
  name: 'Cart',
  messages: { add: shape({ sku: 'str', qty: 'u32' }) },
  setup({ user }, ctx) {
    const items = new Map(ctx.restored ?? []);
    ctx.snapshot(() => [...items]);
    return {
      add({ sku, qty }) {
        if (sku === 'bomb') throw new Error(`${user} may not buy bombs`);
        items.set(sku, (items.get(sku) ?? 0) + qty);
        ctx.checkpoint();
      },
      total: () => [...items.values()].reduce((sum, qty) => sum + qty, 0),
      where: () => ctx.thread,
    };
  },
});

const USERS = ['ann', 'ben', 'cem', 'dua'];
const print = (text) => process.stdout.write(`${text}\n`);

const system = await start({ threads: 2, onEvent: (event) => print(`  event: ${event.kind}`) });
const carts = system.supervisor({ name: 'carts', intensity: { restarts: 5, within: '10s' } });
const refs = await Promise.all(
  USERS.map((user) => carts.spawn(Cart, { id: user, args: { user }, placement: { key: user } })),
);
for (const cart of refs) for (let i = 0; i < 1000; i++) cart.tell('add', { sku: 'tea', qty: 1 });
print(`totals: ${(await Promise.all(refs.map((cart) => cart.ask('total')))).join(' ')}`);

const refusal = await refs[0].ask('add', { sku: 'bomb', qty: 1 }).catch((error) => error);
print(`a crash: ${refusal.code}, because ${refusal.cause.message}`);
print(`totals: ${(await Promise.all(refs.map((cart) => cart.ask('total')))).join(' ')}`);

const thread = await refs[0].ask('where');
print(`killing thread ${thread}`);
const replaced = new Promise((resolve) => {
  system.onEvent((event) => event.kind === 'thread-replaced' && resolve(event));
});
system.killThread(thread);
await replaced;
let totals = null;
while (totals === null) {
  totals = await Promise.all(refs.map((cart) => cart.ask('total'))).catch(() => pause(1, null));
}
print(`totals: ${totals.join(' ')}`);
await system.quiet();
const { total, lost, deadLetters, inFlight } = system.figures();
print(`${total.handled} handled, ${deadLetters} dead letters, ${lost} lost, ${inFlight} in flight`);
await system.close();
