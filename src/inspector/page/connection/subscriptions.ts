/**
 * What the page wants to be told: a topic is subscribed to while any view holds it, and a while longer, so
 * that going to another view and back costs no snapshot. After a new connection each goes on from where it
 * was; after a gap it is asked for anew. Every frame is acknowledged when it was taken in.
 */
import { type ActorFrame, decodeColumns } from '../../protocol/columns.ts';
import type { Changed, ResultOf } from '../../protocol/schema.ts';
import type { TopicName } from '../../protocol/topics.ts';
import type { ActorColumns } from '../tables/actor-columns.ts';
import type { Table } from '../tables/table.ts';
import type { Ports } from './ports.ts';
import { QuestionError, type Questions } from './questions.ts';

/** Milliseconds that a topic goes on after the last view has let go of it. */
const LINGER_MS = 10_000;

/** Frames a second: as many as somebody can see change. */
const HZ: Partial<Record<TopicName, number>> = { actors: 10, events: 10, threads: 4, system: 4 };
const HZ_DEFAULT = 2;

/** Where a topic's rows go. */
export type Sink = ActorColumns | Table<unknown>;

type Held = {
  readonly topic: TopicName;
  readonly sink: Sink;
  holders: number;
  /** Of this connection; null: not (yet) subscribed. */
  sub: number | null;
  isAsking: boolean;
  stopLingering: (() => void) | null;
};

/** A connection that questions can be asked of. */
export type Line = { readonly questions: Questions; readonly epoch: string };

/** All subscriptions of the page, over all its connections. */
export class Subscriptions {
  private readonly ports: Ports;
  private readonly sinkOf: (topic: TopicName) => Sink;
  private readonly held: Map<TopicName, Held>;
  /** Of all topics that ever were held: what they know stays when they are let go. */
  private readonly sinks: Set<Sink>;
  private readonly bySub: Map<number, Held>;
  /** Frames of a subscription whose answer has not come yet. */
  private readonly early: Map<number, (ActorFrame | Changed)[]>;
  private line: Line | null;
  private epoch: string | null;

  constructor(ports: Ports, sinkOf: (topic: TopicName) => Sink) {
    this.ports = ports;
    this.sinkOf = sinkOf;
    this.held = new Map();
    this.sinks = new Set();
    this.bySub = new Map();
    this.early = new Map();
    this.line = null;
    this.epoch = null;
  }

  /** Let go by calling what is returned. */
  hold(topic: TopicName): () => void {
    let held = this.held.get(topic);
    if (held === undefined) {
      const sink = this.sinkOf(topic);
      this.sinks.add(sink);
      held = { topic, sink, holders: 0, sub: null, isAsking: false, stopLingering: null };
      this.held.set(topic, held);
    }
    const mine = held;
    mine.holders++;
    mine.stopLingering?.();
    mine.stopLingering = null;
    if (mine.sub === null) this.subscribe(mine);
    return () => this.letGo(mine);
  }

  /** A connection was greeted. */
  connected(line: Line): void {
    this.line = line;
    if (this.epoch !== line.epoch) {
      // Another run of the server: what was known is of no use.
      for (const sink of this.sinks) sink.range.forget();
      this.epoch = line.epoch;
    }
    for (const held of this.held.values()) this.subscribe(held);
  }

  /** The connection is gone. */
  lost(): void {
    this.line = null;
    this.bySub.clear();
    this.early.clear();
    for (const held of this.held.values()) {
      held.sub = null;
      held.isAsking = false;
      held.sink.interrupted();
    }
  }

  /** Rows in JSON. */
  changed(event: Changed): void {
    this.frame(event);
  }

  /** Rows in columns. @throws RangeError for what is no frame */
  bytes(buffer: ArrayBuffer): void {
    this.frame(decodeColumns(buffer));
  }

  private frame(frame: ActorFrame | Changed): void {
    const { sub } = frame;
    const held = this.bySub.get(sub);
    if (held === undefined) {
      // Told before its answer, or after it was let go: the first is kept for a moment.
      if ([...this.held.values()].some(({ isAsking }) => isAsking)) {
        this.early.set(sub, [...(this.early.get(sub) ?? []), frame]);
      }
      return;
    }
    const isGap =
      'named' in frame
        ? (held.sink as ActorColumns).take(frame, this.ports.nowMs())
        : (held.sink as Table<unknown>).take(frame, frame.params);
    this.line?.questions.tell('Topics.acknowledge', { sub, frame: frame.frame });
    if (isGap) {
      this.unsubscribe(held);
      this.subscribe(held);
    }
  }

  private subscribe(held: Held): void {
    const { line } = this;
    if (line === null || held.isAsking || held.sub !== null) return;
    held.isAsking = true;
    const { at } = held.sink.range;
    const params = {
      topic: held.topic,
      hz: HZ[held.topic] ?? HZ_DEFAULT,
      ...(at === null ? {} : { resume: { epoch: line.epoch, at } }),
    };
    line.questions.ask('Topics.subscribe', params).then(
      (result) => this.subscribed(held, line, (result as ResultOf<'Topics.subscribe'>).sub),
      (error) => {
        if (this.line !== line) return;
        held.isAsking = false;
        if (error instanceof QuestionError) held.sink.refused();
      },
    );
  }

  private subscribed(held: Held, line: Line, sub: number): void {
    if (this.line !== line) return;
    held.isAsking = false;
    held.sub = sub;
    this.bySub.set(sub, held);
    const early = this.early.get(sub) ?? [];
    this.early.delete(sub);
    if (![...this.held.values()].some(({ isAsking }) => isAsking)) this.early.clear();
    for (const frame of early) this.frame(frame);
  }

  private unsubscribe(held: Held): void {
    if (held.sub === null) return;
    this.bySub.delete(held.sub);
    this.line?.questions.tell('Topics.unsubscribe', { sub: held.sub });
    held.sub = null;
  }

  private letGo(held: Held): void {
    held.holders--;
    if (held.holders > 0) return;
    held.stopLingering = this.ports.after(LINGER_MS, () => {
      this.unsubscribe(held);
      held.sink.interrupted();
      this.held.delete(held.topic);
    });
  }
}
