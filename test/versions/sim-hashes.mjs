/**
 * Simulates a life with faults, crashes and lost threads for each of some seeds and prints the hashes of
 * the event logs, a line each. `scripts/test-node24.mjs` runs it on two versions of Node and compares.
 */
import { actor, seededRandom, shape } from 'ringmaster';
import { SimSystem } from 'ringmaster/testkit';

const SEEDS = 24;
const ROUNDS = 30;

const Node = actor(import.meta.url, {
  name: 'Node',
  messages: { measured: shape({ id: 'u32', load: 'f64' }) },
  setup(_args, ctx) {
    let others = ctx.restored?.others ?? [];
    let load = 0;
    ctx.snapshot(() => ({ others }));
    const any = () => others[ctx.random(others.length)];
    ctx.timers.every('tick', 7, 'tick');
    return {
      meet(all) {
        others = all;
        ctx.checkpoint();
      },
      tick: () => void any()?.tell('measured', { id: ctx.random(1000), load: load / 3 + 0.1 }),
      measured: (one) => {
        load = one.load + 1;
      },
      fan(n) {
        for (let i = 0; i < 2 && n > 0; i++) any()?.tell('fan', n - 1);
      },
      relay: async (n) => (n === 0 ? load : ((await ctx.ask(any(), 'relay', n - 1)) ?? 0) / 7),
      large: (text) => ({ text, at: new Date(0), set: new Set([text.length]) }),
      // What the engine says about it may differ from version to version.
      boom: () => null.field,
      deep: () => JSON.parse('{"a":'),
    };
  },
});

async function life(seed) {
  const random = seededRandom(seed);
  const sim = await SimSystem.start({
    seed,
    threads: 3,
    faults: { loss: 0.02, delay: 0.05, reorder: 0.02, delayMaxMs: 20 },
  });
  const group = sim.supervisor({ intensity: { restarts: 100_000, within: '1s' } });
  const refs = [];
  for (let i = 0; i < 8; i++) {
    refs.push(await sim.until(group.spawn(Node, { placement: { thread: i % 4 } })));
  }
  for (const ref of refs) ref.tell('meet', refs);
  const asked = [];
  for (let round = 0; round < ROUNDS; round++) {
    const ref = refs[random.below(refs.length)];
    ref.tell('fan', 4);
    asked.push(ref.ask('relay', 5, { timeout: 100 }).catch(() => undefined));
    asked.push(ref.ask('large', 'x'.repeat(random.below(3000))).catch(() => undefined));
    if (random.below(3) === 0) ref.tell(random.below(2) === 0 ? 'boom' : 'deep');
    if (random.below(10) === 0) sim.crashThread(1 + random.below(3));
    await sim.run(random.below(40));
  }
  await sim.until(Promise.all(asked));
  return `${seed} ${sim.hash} ${sim.figures().total.handled}`;
}

for (let seed = 1; seed <= SEEDS; seed++) process.stdout.write(`${await life(seed)}\n`);
