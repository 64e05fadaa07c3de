/**
 * A shop of some thousand actors with something to do, for pictures of the inspector's page: carts that are
 * filled, a few that are too slow, and one service of prices that crashes again and again.
 */
import { actor, start } from 'ringmaster';

const SHOPS = 12;
const CARTS_EACH = 200;
/** Milliseconds between two bursts, and messages of one. */
const BURST_MS = 20;
const BURST = 900;
const CHECKOUT_MS = 40;
const CRASH_MS = 2500;

export const Cart = actor(import.meta.url, {
  name: 'Cart',
  setup() {
    let items = 0;
    return {
      add(qty) {
        items += qty;
      },
      /** Somebody else is asked; what comes meanwhile waits. */
      async checkout(ms) {
        await new Promise((resolve) => setTimeout(resolve, ms));
        return items;
      },
    };
  },
});

export const Prices = actor(import.meta.url, {
  name: 'Prices',
  setup() {
    return {
      quote(sku) {
        const refused = new Error('connect ECONNREFUSED 10.0.0.7:8080');
        const cause = new Error('stock answered nothing within 2 s', { cause: refused });
        throw new TypeError(`no price of ${sku}`, { cause });
      },
    };
  },
});

/** @returns the system, and how its work ends */
export async function startShop() {
  const system = await start({ threads: 2 });
  const carts = [];
  for (let shop = 0; shop < SHOPS; shop++) {
    for (let cart = 0; cart < CARTS_EACH; cart++) {
      carts.push(await system.spawn(Cart, { id: `shop-${shop}/cart-${cart}` }));
    }
  }
  const services = system.supervisor({
    strategy: 'one_for_one',
    intensity: { restarts: 1000, within: '10s' },
  });
  const prices = await services.spawn(Prices, { id: 'prices', restart: 'permanent' });
  let next = 0;
  const burst = setInterval(() => {
    for (let sent = 0; sent < BURST; sent++) {
      // Some carts are far busier than others.
      next = (next * 1103515245 + 12345) % 2147483648;
      const cart = carts[Math.floor((next / 2147483648) ** 3 * carts.length)];
      if (sent % 100 === 0) cart.tell('checkout', CHECKOUT_MS);
      else cart.tell('add', 1);
    }
  }, BURST_MS);
  const crash = setInterval(() => prices.tell('quote', 'tea'), CRASH_MS);
  const end = async () => {
    clearInterval(burst);
    clearInterval(crash);
    await system.close();
  };
  return { system, end };
}
