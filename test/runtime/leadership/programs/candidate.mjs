/**
 * A process that campaigns over a store on disk and acts on an agent and on the store while it leads.
 * Says what happens as lines of JSON; acts for itself, or only when its input says so (`act`, `stop`,
 * `rogue`). Arguments: directory of the store, socket of the agent, its name, its lease in ms, `self`
 * or `told`. Ends when its input does.
 */
import { writeSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { connectAgent } from 'ringmaster/agent';
import { campaign, openLmdbStore } from 'ringmaster/store';

const [, , directory, socket, name, leaseText, how] = process.argv;
const lease = Number(leaseText);
const KEY = 'leader';
const say = (message) => writeSync(1, `${JSON.stringify(message)}\n`);
const codeOf = (call) =>
  call.then(
    () => 'accepted',
    (error) => error.code ?? String(error),
  );

const store = await openLmdbStore(directory, {
  writerLease: lease,
  poll: 5,
  onStuck: (why) => say({ stuck: why.data.pid }),
});
const agent = await connectAgent({ socket });
const quit = new AbortController();
let count = 0;
let leader = null;

const actOfAgent = (token) =>
  agent.start(token, `t${token}-${name}-${++count}`, { command: 'true' });
const actOfStore = (token) => ({
  success: [{ kind: 'put', key: `acts/${name}`, value: new TextEncoder().encode(String(token)) }],
});

/** One effect each on the agent and on the store, as a leader does it: asks its own clock first. */
async function act() {
  await actOfAgent(leader.check());
  leader.check();
  await leader.transact(actOfStore(leader.token));
  say({ act: leader.token });
}

/** As if it had no clock: what it may not do any more, with its old token, past every check here. */
async function rogue() {
  const compare = [{ key: KEY, revision: leader.token }];
  say({
    rogue: [
      await codeOf(actOfAgent(leader.token)),
      await codeOf(store.transact({ compare, ...actOfStore(leader.token) })),
      await codeOf(store.transact(actOfStore(leader.token))),
      await codeOf(leader.transact(actOfStore(leader.token))),
    ],
  });
}

const orders = {
  act: async () => {
    const said = await codeOf(act());
    if (said !== 'accepted') say({ refused: said });
  },
  /** Right after a commit: there is none that it could be stopped in. */
  stop: async () => {
    await leader.transact(actOfStore(leader.check()));
    process.kill(process.pid, 'SIGSTOP');
  },
  rogue,
};

async function lead() {
  // The first act is the news of the new token, for whoever refuses lower ones.
  await act();
  say({ leads: leader.token });
  if (how === 'told') await leader.deposed;
  else while (leader.isLeading && !quit.signal.aborted) await act();
}

async function run() {
  while (!quit.signal.aborted) {
    leader = await campaign(store, { key: KEY, holder: name, ttl: lease, signal: quit.signal });
    await lead().catch(() => undefined);
    if (quit.signal.aborted) break;
    const why = await leader.deposed;
    say({ deposed: leader.token, why: why.code });
  }
}

const life = run().catch((error) => {
  if (error.code !== 'RM_ABORTED') throw error;
});
say({ up: process.pid });
for await (const line of createInterface({ input: process.stdin })) void orders[line]();
quit.abort();
if (how === 'told') await leader?.resign().catch(() => undefined);
await life;
agent.close();
await store.close();
