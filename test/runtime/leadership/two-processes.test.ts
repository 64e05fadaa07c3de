/** Leaders that are processes: over one store on disk, acting on it and on an agent. */
import { afterEach, describe, expect, test } from 'vitest';
import { seededRandom } from '../../../src/runtime/testkit/index.ts';
import { Candidates } from './candidates.ts';

let world: Candidates;
const begin = async (how: 'self' | 'told', leaseMs: number): Promise<void> => {
  world = new Candidates(leaseMs, how);
  await world.begin();
};
/** Leader first, so that it is the one that writes, too. */
const beginBoth = async (): Promise<number> => {
  // Long enough that a busy machine deposes nobody.
  await begin('told', 1500);
  world.start('a');
  await world.until(() => world.top.name === 'a');
  world.start('b');
  await world.until(() => world.all.get('b')?.said[0]?.up !== undefined);
  for (let left = 3; left > 0; left--) await world.order('a', 'act', 'act');
  return world.top.token;
};
afterEach(() => world.clean());

/** Effects that were accepted of a leader after another's first, at the agent and at the store. */
async function lateEffects(): Promise<{ agent: number; store: number }> {
  let highest = 0;
  let agent = 0;
  const obeyed = await world.obeyed();
  expect(obeyed.length).toBeGreaterThan(0);
  for (const { token } of obeyed) {
    if (token < highest) agent++;
    else highest = token;
  }
  const written = await world.written();
  expect(written.length).toBeGreaterThan(0);
  return { agent, store: written.filter(({ token, led }) => token !== led).length };
}

describe('leaders of two processes', () => {
  test('leaders of two processes - no effect is accepted from one that was paused and deposed', async () => {
    // Guards: R3.
    const old = await beginBoth();
    world.tell('a', 'stop');
    await world.until(() => world.top.name === 'b');
    const { token } = world.top;
    expect(token).toBeGreaterThan(old);
    world.signal('a', 'SIGCONT');
    // By its own clock, before it asks anybody.
    expect(await world.order('a', 'act', 'refused')).toEqual({ refused: 'RM_LEADER_DEPOSED' });
    await world.until(() => world.deposed.has(old));
    expect((await world.order('a', 'rogue', 'rogue')).rogue).toEqual([
      'RM_AGENT_FENCED',
      'RM_STORE_FENCED',
      'RM_STORE_FENCED',
      'RM_LEADER_DEPOSED',
    ]);
    await world.order('b', 'act', 'act');
    await world.end();
    expect(await lateEffects()).toEqual({ agent: 0, store: 0 });
  });

  test('leaders of two processes - one that was killed is followed by a greater token', async () => {
    const old = await beginBoth();
    await world.kill('a');
    await world.until(() => world.top.name === 'b');
    expect(world.top.token).toBeGreaterThan(old);
    await world.order('b', 'act', 'act');
    await world.end();
    expect(await lateEffects()).toEqual({ agent: 0, store: 0 });
  });

  test('leaders of two processes - nor from one that is stopped at any moment', async () => {
    // Guards: R3.
    const random = seededRandom(5);
    await begin('self', 300);
    for (const name of ['a', 'b']) world.start(name);
    for (let round = 0; round < 5; ) {
      const before = world.acts.length;
      await world.until(() => world.acts.length > before + random.below(12));
      // Somewhere in the act that follows: a turn takes some microseconds, an act ten milliseconds.
      for (let turns = random.below(4000); turns > 0; turns--) await new Promise(setImmediate);
      const victim = world.acts.at(-1) as { name: string; token: number };
      // Followed already, by somebody who has not acted yet: its end would make no new one.
      if (world.top.token > victim.token) continue;
      round++;
      const pid = world.all.get(victim.name)?.child.pid as number;
      world.signal(victim.name, 'SIGSTOP');
      const isFollowed = (): boolean => world.top.token > victim.token;
      await world.until(() => isFollowed() || world.stuck.has(pid));
      if (isFollowed()) world.signal(victim.name, 'SIGCONT');
      else {
        // Inside a commit: nobody can write before it has ended.
        await world.kill(victim.name);
        world.start(victim.name);
        await world.until(isFollowed);
      }
    }
    await world.end();
    expect(await lateEffects()).toEqual({ agent: 0, store: 0 });
    const tokens = world.tenures.map(({ token }) => token);
    expect(tokens.length).toBeGreaterThan(5);
    expect(new Set(tokens).size).toBe(tokens.length);
  });
});
