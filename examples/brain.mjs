/**
 * The brain, embedded, in some seconds: a sharded service of three zones comes to run, a version that
 * never becomes ready is rolled out zone by zone, and rolled back, and the log says why. Processes are
 * pretended by one actor; with real ones it would start programs in `carryOut` and ask them in `probe`.
 */
import { once } from 'node:events';
import { setInterval as every } from 'node:timers/promises';
import { actor, start } from 'ringmaster';
import { Arbiter, decisionLine, fleet, revisionOf } from 'ringmaster/control-plane';
import { memoryStore } from 'ringmaster/store';

export const Hands = actor(import.meta.url, {
  name: 'Hands',
  setup(_, ctx) {
    const processes = new Map();
    const known = { generation: 0, routes: 0 };
    let arbiter = null;
    const tell = (...list) => arbiter?.tell('observe', { service: 'receiver', list });
    ctx.timers.every('look', 50, 'look');
    return {
      attach: (ref) => {
        arbiter = ref;
      },
      carryOut: ({ effects }) => {
        for (const { kind, instance, revision, ring, routes } of effects) {
          if (kind === 'start') processes.set(instance, { revision, startedMs: ctx.now() });
          if (kind === 'terminate' || kind === 'kill') {
            processes.delete(instance);
            tell({ kind: 'agent', instance, word: 'ended' });
          }
          if (kind === 'publishRing') known.generation = ring.generation;
          if (kind === 'publishRoutes') known.routes = routes.number;
        }
        return true;
      },
      probe: ({ instance }) => {
        const process = processes.get(instance);
        if (process === undefined || process.revision === broken) return false;
        return ctx.now() - process.startedMs > 100;
      },
      look: () => {
        const running = [...processes.keys()].map((instance) => ({
          kind: 'agent',
          instance,
          word: 'running',
        }));
        tell(...running, { kind: 'router', id: 'router', ...known });
      },
    };
  },
});

const print = (text) => process.stdout.write(`${text}\n`);
const zones = ['a', 'b', 'c'];
const receiver = (version) =>
  fleet({
    name: 'shop',
    regions: [{ name: 'eu', zones }],
    services: {
      receiver: {
        version,
        kind: 'sharded',
        shards: 2,
        command: ['node', 'receiver.js'],
        health: { readiness: { http: '/ready', period: '50ms', timeout: '40ms', failures: 1 } },
        rollout: {
          strategy: 'zones',
          minReady: '100ms',
          soak: '100ms',
          progressDeadline: '1500ms',
          comparison: { enabled: false },
        },
      },
    },
  }).services.receiver;
const broken = revisionOf(receiver('v2'), '');

const system = await start({ threads: 0 });
const store = memoryStore();
const { revision: token } = await store.transact({
  success: [{ kind: 'put', key: 'leader', value: new TextEncoder().encode('this program') }],
});
const family = system.supervisor({});
const hands = await family.spawn(Hands, { id: 'hands' });
const arbiter = await family.spawn(Arbiter, {
  id: 'arbiter',
  args: {
    region: 'eu',
    zones,
    period: 50,
    answerWithin: 40,
    maxStaleness: 2000,
    store,
    prefix: 'fleet/eu/',
    leader: { key: 'leader', token },
    executor: hands,
    prober: hands,
    metrics: null,
  },
});
hands.tell('attach', arbiter);
const apply = (version) => {
  const spec = receiver(version);
  return arbiter.ask('apply', { name: 'receiver', spec, revision: revisionOf(spec, '') });
};
const status = async () => (await arbiter.ask('status', 'receiver')).record;
const until = async (is) => {
  for await (const _ of every(50)) if (is(await status())) return;
};
const serving = ({ routes }) => routes.routes.length;
const versionOf = (record, revision) => record.revisions.find(({ id }) => id === revision)?.version;

await apply('v1');
await until((record) => serving(record) === 6 && record.ring !== null);
await until((record) => record.operations.size === 0);
const { generation } = (await status()).ring;
print(`v1 runs: ${serving(await status())} slots serve, ring generation ${generation}`);

await apply('v2');
await until((record) => record.revisions.at(-1).blocked !== null);
print(`v2 is given up: ${(await status()).revisions.at(-1).blocked}`);
await until((record) => record.operations.size === 0 && serving(record) === 6);
const record = await status();
const versions = new Set([...record.slots.values()].map(({ revision }) => revision));
print(`running again: ${[...versions].map((one) => versionOf(record, one)).join(', ')}`);
print(`ring generation ${record.ring.generation}: a restart moved no key`);
print('why receiver/eu/a/0:');
for (const entry of await arbiter.ask('why', { about: 'receiver/eu/a/0' })) {
  print(`  ${decisionLine(entry)}`);
}
await system.close();
await store.close();
if (process.stdout.writableNeedDrain) await once(process.stdout, 'drain');
