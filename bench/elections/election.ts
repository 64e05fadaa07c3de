/**
 * Candidates for one key in virtual time. Each is a process of its own that pauses and comes back,
 * behind a network of its own to one store; whoever leads acts on an agent that remembers the
 * highest token, and on the store. Counts what was done by one that led no more. One seed, one run.
 */
import type { Alarm, Random } from 'ringmaster';
import { campaign, type Leadership, memoryStore, type Store } from 'ringmaster/store';
import { FaultyStore, SimClock, type StoreFaults } from 'ringmaster/testkit';

const KEY = 'leader';
const COUNTER = 'acts';
const TTL_MS = 300;
const ACT_MS = 40;

/** What came of an election. */
export type ElectionCount = {
  /** Tenures that began. */
  tenures: number;
  /** Acts that a leader let pass by its own clock. */
  acts: number;
  /** Of these, at whose moment the store already had another leader, or none. Must be 0. */
  late: number;
  /** Acts that arrived at the agent after one with a greater token, and were not obeyed. */
  refused: number;
  writes: number;
  /** Of these, with a token below that of the write before. Must be 0. */
  overwritten: number;
  pauses: number;
};

/** A process that can be stopped: nothing that comes is noticed until it goes on. */
class Pausable {
  private readonly waiting: (() => void)[] = [];
  isPaused = false;

  resume(): void {
    this.isPaused = false;
    for (const go of this.waiting.splice(0)) go();
  }

  /** Now, or when it goes on. */
  run(act: () => void): void {
    if (this.isPaused) this.waiting.push(act);
    else act();
  }

  alarm(inner: Alarm): Alarm {
    return {
      set: (atMs, fire) => inner.set(atMs, () => this.run(fire)),
      clear: () => inner.clear(),
    };
  }

  /** Answers that come while it is paused are heard later. */
  hear<T>(answer: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      answer.then(
        (value) => this.run(() => resolve(value)),
        (error) => this.run(() => reject(error)),
      );
    });
  }

  store(inner: Store): Store {
    const watched = new Set(['watch', 'close']);
    return new Proxy(inner, {
      get: (target, name) => {
        const method = Reflect.get(target, name) as (...args: unknown[]) => Promise<unknown>;
        if (typeof method !== 'function') return method;
        if (watched.has(String(name))) return method.bind(target);
        return (...args: unknown[]) => this.hear(method.apply(target, args));
      },
    });
  }
}

/** One store, one agent, some candidates. */
class Election {
  readonly clock: SimClock;
  readonly truth: Store;
  readonly ended: AbortController = new AbortController();
  readonly count: ElectionCount = {
    tenures: 0,
    acts: 0,
    late: 0,
    refused: 0,
    writes: 0,
    overwritten: 0,
    pauses: 0,
  };
  readonly random: Random;
  readonly faults: StoreFaults;
  private readonly tenures: number;
  private highest = 0;
  private written = 0;

  constructor(random: Random, tenures: number, faults: StoreFaults, clock: SimClock) {
    this.clock = clock;
    const limits = { historyTransactionsMax: 256 };
    this.truth = memoryStore({ clock, alarm: clock.alarm(), limits });
    this.random = random;
    this.tenures = tenures;
    this.faults = faults;
  }

  begun(): void {
    if (++this.count.tenures >= this.tenures) this.ended.abort();
  }

  /** An act leaves for the agent, which it reaches within two leases. */
  async send(token: number): Promise<void> {
    this.count.acts++;
    const { clock } = this;
    const atMs = clock.monotonicMs() + this.random.below(2 * TTL_MS);
    clock.alarm().set(atMs, () => this.arrive(token));
    const { entry } = await this.truth.get(KEY);
    if (entry?.revision !== token) this.count.late++;
  }

  /** Reads every write, in order. */
  async audit(): Promise<void> {
    for await (const item of this.truth.watch(COUNTER, { signal: this.ended.signal })) {
      if (item.kind === 'resync') continue;
      for (const change of item.changes) {
        if (change.kind === 'put') this.wrote(Number(new TextDecoder().decode(change.entry.value)));
      }
    }
  }

  private wrote(token: number): void {
    this.count.writes++;
    if (token < this.written) this.count.overwritten++;
    this.written = token;
  }

  /** The agent: obeys whoever shows a token that is not below the highest. */
  private arrive(token: number): void {
    if (token >= this.highest) this.highest = token;
    else this.count.refused++;
  }
}

/** Campaigns, leads for a while, acts, and pauses at any time. */
class Candidate {
  private readonly election: Election;
  private readonly name: string;
  private readonly process: Pausable;
  private readonly store: Store;
  private readonly nap: Alarm;
  private readonly sleep: Alarm;

  constructor(election: Election, name: string) {
    const { clock, truth, random, faults } = election;
    this.election = election;
    this.name = name;
    this.process = new Pausable();
    const network = new FaultyStore(truth, { faults, random, clock, alarm: clock.alarm() });
    this.store = this.process.store(network);
    this.nap = clock.alarm();
    this.sleep = clock.alarm();
  }

  async run(): Promise<void> {
    const { ended, clock } = this.election;
    this.turnOver();
    while (!ended.signal.aborted) {
      // One for each campaign: the tenure that comes of it keeps it.
      const alarm = this.process.alarm(clock.alarm());
      const { signal } = ended;
      const options = { key: KEY, holder: this.name, ttl: TTL_MS, clock, alarm, signal };
      const leader = await campaign(this.store, options).catch(() => null);
      if (leader !== null) await this.lead(leader);
    }
  }

  private async lead(leader: Leadership): Promise<void> {
    const { random } = this.election;
    this.election.begun();
    for (let left = random.below(20); left > 0 && leader.isLeading; left--) {
      await this.act(leader).catch(() => undefined);
      await this.wait(ACT_MS + random.below(ACT_MS));
    }
    if (leader.isLeading && random.below(2) === 0) await leader.resign().catch(() => undefined);
    else await this.wait(random.below(2 * TTL_MS));
  }

  private async act(leader: Leadership): Promise<void> {
    const token = leader.check();
    const value = new TextEncoder().encode(String(token));
    await this.election.send(token);
    await leader.transact({ success: [{ kind: 'put', key: COUNTER, value }] });
  }

  private wait(ms: number): Promise<void> {
    const untilMs = this.election.clock.monotonicMs() + ms;
    return new Promise((resolve) => this.sleep.set(untilMs, () => this.process.run(resolve)));
  }

  /** Pauses, or goes on. */
  private turnOver(): void {
    const { process } = this;
    const { ended, random, clock, count } = this.election;
    if (ended.signal.aborted || process.isPaused) process.resume();
    else {
      process.isPaused = true;
      count.pauses++;
    }
    if (ended.signal.aborted) return;
    const forMs = random.below((process.isPaused ? 3 : 10) * TTL_MS);
    this.nap.set(clock.monotonicMs() + 1 + forMs, () => this.turnOver());
  }
}

/** Runs until so many tenures have begun. */
export async function elect(
  random: Random,
  tenures: number,
  faults: StoreFaults,
  clock: SimClock = new SimClock(),
): Promise<ElectionCount> {
  const election = new Election(random, tenures, faults, clock);
  const { truth, count } = election;
  const audit = election.audit();
  let isDone = false;
  const all = Promise.all(['a', 'b', 'c'].map((name) => new Candidate(election, name).run()));
  void all.finally(() => {
    isDone = true;
  });
  while (!isDone) {
    clock.step();
    await new Promise((resolve) => setImmediate(resolve));
  }
  await all;
  await audit;
  await truth.close();
  return count;
}
