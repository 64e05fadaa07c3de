/** An application in TypeScript that keeps its actors on another thread. */
import { start } from 'ringmaster';
import { Cart } from './cart.ts';

const system = await start({ threads: 1 });
const carts = system.supervisor({
  strategy: 'one_for_one',
  intensity: { restarts: 5, within: '10s' },
});
const cart = await carts.spawn(Cart, { id: 'cart/ann', args: { user: 'ann' } });
cart.tell('add', { sku: 'tea', qty: 2 });
cart.tell('add', { sku: 'tea', qty: 3 });
const total: number = await cart.ask('total', undefined, { timeout: 2000 });
process.stdout.write(`${total} for ${await cart.ask('owner')}\n`);
await system.close();
