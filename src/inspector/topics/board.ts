/** All topics of a server, who watches which, and when everybody is told. */
import { DECISIONS_MAX } from '../protocol/fleet-methods.ts';
import { isFleetTopic, type TopicName } from '../protocol/topics.ts';
import { ActorsTopic } from './actors-topic.ts';
import { KeyedTopic } from './keyed-topic.ts';
import type { Topic } from './topic.ts';

/** Rows of each topic; the oldest go first. */
export const ROWS_MAX = {
  system: 1,
  threads: 1024,
  pulse: 300,
  events: 1000,
  deadLetters: 256,
  services: 1000,
  decisions: DECISIONS_MAX,
} as const;
/** Milliseconds that a topic is kept up to date for nobody: who reloads a page finds it as it was. */
const KEEP_MS = 60_000;

/** What a board is made of. */
export type BoardParts = {
  /** Of this run of the server. */
  readonly epoch: string;
  readonly hasFleet: boolean;
  readonly nowMs: () => number;
  /** Calls back when what is being answered has been. */
  readonly soon: (callback: () => void) => void;
  /** Somebody watches a topic, or nobody has for a while. */
  readonly wanted: (name: TopicName, isWanted: boolean) => void;
};

/** Thread rule: the inspector's thread. */
export class Board {
  readonly epoch: string;
  readonly nowMs: () => number;
  readonly soon: BoardParts['soon'];
  readonly clients: Set<{ tick(nowMs: number): void }> = new Set();
  readonly topics = {
    system: new KeyedTopic(ROWS_MAX.system),
    threads: new KeyedTopic(ROWS_MAX.threads),
    pulse: new KeyedTopic(ROWS_MAX.pulse),
    events: new KeyedTopic(ROWS_MAX.events),
    deadLetters: new KeyedTopic(ROWS_MAX.deadLetters),
    services: new KeyedTopic(ROWS_MAX.services),
    decisions: new KeyedTopic(ROWS_MAX.decisions),
    actors: new ActorsTopic(),
  } satisfies Record<TopicName, Topic>;
  private readonly hasFleet: boolean;
  private readonly wanted: BoardParts['wanted'];
  private readonly watchers: Map<TopicName, number> = new Map();
  /** Topics that nobody watches any more, and since when. */
  private readonly left: Map<TopicName, number> = new Map();
  private lookedAtMs: number = -1;

  constructor({ epoch, hasFleet, nowMs, soon, wanted }: BoardParts) {
    this.epoch = epoch;
    this.hasFleet = hasFleet;
    this.nowMs = nowMs;
    this.soon = soon;
    this.wanted = wanted;
  }

  /** Whether there is anything of the kind. */
  has(name: TopicName): boolean {
    return this.hasFleet || !isFleetTopic(name);
  }

  /** One more watches it. */
  watch(name: TopicName): Topic {
    const watchers = this.watchers.get(name) ?? 0;
    this.watchers.set(name, watchers + 1);
    if (watchers === 0 && !this.left.delete(name)) this.wanted(name, true);
    return this.topics[name];
  }

  /** One fewer does. */
  unwatch(name: TopicName): void {
    const watchers = (this.watchers.get(name) ?? 0) - 1;
    this.watchers.set(name, watchers);
    if (watchers === 0) this.left.set(name, this.nowMs());
  }

  /** Before somebody is told a topic: brings up to date what is read on demand, once in a tick. */
  look(name: TopicName, nowMs: number): void {
    if (name !== 'actors' || nowMs === this.lookedAtMs) return;
    this.lookedAtMs = nowMs;
    this.topics.actors.look();
  }

  /** Now and then: tells everybody what is due. */
  tick(nowMs: number): void {
    for (const client of this.clients) client.tick(nowMs);
    for (const [name, sinceMs] of this.left) {
      if (nowMs - sinceMs < KEEP_MS) continue;
      this.left.delete(name);
      this.wanted(name, false);
    }
  }
}
