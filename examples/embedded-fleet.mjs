/**
 * A fleet of actors inside one program: three shards of a cart service in three zones, on two threads,
 * with a ring in front, rolled out, healed and scaled by the brain. The supervisor of an instance
 * restarts it when it crashes; what ends for good the brain replaces.
 */
import { setInterval as every } from 'node:timers/promises';
import { actor, reply, start } from 'ringmaster';
import { fleet } from 'ringmaster/control-plane';
import { startEmbeddedFleet } from 'ringmaster/drivers';

export const Cart = actor(import.meta.url, {
  name: 'Cart',
  setup({ instance, version, env }) {
    const carts = new Map();
    return {
      add({ user, sku }) {
        if (env.FAULT === 'yes') throw new Error('this version cannot add');
        carts.set(user, [...(carts.get(user) ?? []), sku]);
        return `${version} of ${instance.split('#')[0]}`;
      },
      list({ user }) {
        if (!carts.has(user)) throw reply.error('NO_CART', `${user} has no cart here`);
        return carts.get(user);
      },
    };
  },
});

const print = (text) => process.stdout.write(`${text}\n`);
const shop = (version, env = {}) =>
  fleet({
    name: 'shop',
    regions: [{ name: 'here', zones: ['a', 'b', 'c'] }],
    policy: { period: '100ms', answerWithin: '90ms', maxStaleness: '1500ms' },
    services: {
      cart: {
        kind: 'sharded',
        actor: './embedded-fleet.mjs#Cart',
        version,
        env,
        shards: 3,
        health: { liveness: { actor: 'ping', period: '200ms', timeout: '150ms' } },
        heal: { backoff: { first: '200ms' } },
        rollout: {
          strategy: 'zones',
          minReady: '100ms',
          soak: '500ms',
          analysis: [{ metric: 'error_ratio', max: '5%', interval: '500ms', minSamples: 5 }],
          comparison: { enabled: false },
        },
      },
    },
  });

const system = await start({ threads: 2 });
const carts = await startEmbeddedFleet(system, { fleet: shop('v1'), actors: { Cart } });
const until = async (is) => {
  for await (const _ of every(50)) {
    const { record, isSettled } = await carts.status('cart');
    if (is(record, isSettled)) return record;
  }
};
const users = Array.from({ length: 60 }, (_, i) => `user-${i}`);
const add = (user) => carts.ask('cart', 'add', { user, sku: 'tea' }, { key: user });

const first = await until(({ ring }, isSettled) => ring !== null && isSettled);
print(`v1 serves: ${first.slots.size} instances, ring generation ${first.ring.generation}`);
const owners = new Map(await Promise.all(users.map(async (user) => [user, await add(user)])));
print(`60 users are spread over ${new Set(owners.values()).size} shards`);

// Load goes on while a version that fails is rolled out: its first zone is where it ends.
let [failed, isOver] = [0, false];
const load = (async () => {
  for await (const _ of every(10)) {
    if (isOver) return;
    await add(users[Math.floor(performance.now()) % users.length]).catch(() => failed++);
  }
})();
await carts.apply(shop('v2', { FAULT: 'yes' }));
const bad = await until(({ revisions }) => revisions.at(-1).blocked !== null);
print(`v2 is given up: ${bad.revisions.at(-1).blocked}`);
await until(({ goal, instances }) =>
  [...instances.values()].every(({ revision }) => revision === goal.stable),
);
isOver = true;
await load;
print(`back at v1, after ${failed > 0 ? 'some' : 'no'} requests had failed`);
const again = await Promise.all(users.map(async (user) => [user, await add(user)]));
const moved = again.filter(([user, owner]) => owners.get(user) !== owner);
print(`${moved.length} of 60 users have another owner than before`);
await carts.close();
await system.close();
