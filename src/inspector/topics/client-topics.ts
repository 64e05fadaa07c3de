/**
 * One connection's subscriptions: what each knows, and what goes to it next. Keeps no message: a frame is
 * made when it can go.
 */
import { mayAct, type Role } from '../access/roles.ts';
import { Refused } from '../protocol/refused.ts';
import { LIMITS, type ParamsOf, type ResultOf } from '../protocol/schema.ts';
import { TOPICS, type TopicName } from '../protocol/topics.ts';
import type { Board } from './board.ts';
import { Pace } from './pace.ts';
import type { Sweep, Topic } from './topic.ts';

/** Where frames go. */
export type Wire = {
  /** Text or bytes. */
  readonly send: (data: string | Uint8Array) => void;
  /** Bytes that wait to be sent. */
  readonly waitingBytes: () => number;
  /** It has not taken in anything for too long. */
  readonly hangUp: () => void;
};

type Subscription = {
  readonly sub: number;
  readonly name: TopicName;
  readonly topic: Topic;
  readonly pace: Pace;
  readonly sweep: Sweep;
  /** Between the first and the last part of a range. */
  isUnderWay: boolean;
};

const HZ_DEFAULT = 10;

/** Thread rule: the inspector's thread. */
export class ClientTopics {
  private readonly board: Board;
  private readonly wire: Wire;
  private readonly role: Role;
  private readonly subscriptions: Map<number, Subscription>;
  private subs: number;

  constructor(board: Board, wire: Wire, role: Role) {
    this.board = board;
    this.wire = wire;
    this.role = role;
    this.subscriptions = new Map();
    this.subs = 0;
    board.clients.add(this);
  }

  /** @throws Refused */
  subscribe(params: ParamsOf<'Topics.subscribe'>): ResultOf<'Topics.subscribe'> {
    const { topic: name, hz = HZ_DEFAULT, resume } = params;
    if (this.subscriptions.size >= LIMITS.subscriptions) {
      throw new Refused('busy', `${LIMITS.subscriptions} subscriptions are open; end one`);
    }
    if (!this.board.has(name)) {
      throw new Refused('unsupported', `this server has no fleet, and so no ${name}`);
    }
    if (!mayAct(this.role, TOPICS[name].role)) {
      throw new Refused('forbidden', `${name} needs the role ${TOPICS[name].role}`);
    }
    // A million rows are looked through for each subscription; nobody needs them twice.
    const isTold = [...this.subscriptions.values()].some((one) => one.name === name);
    if (name === 'actors' && isTold) throw new Refused('busy', 'actors are told already; end that');
    const topic = this.board.watch(name);
    const isKnown =
      resume !== undefined &&
      resume.epoch === this.board.epoch &&
      resume.at >= topic.floor &&
      resume.at <= topic.last;
    const from = isKnown ? resume.at : 0;
    const sub = ++this.subs;
    const pace = new Pace(hz, this.board.nowMs());
    const sweep = { from, to: from, cursor: 0 };
    this.subscriptions.set(sub, { sub, name, topic, pace, sweep, isUnderWay: false });
    this.board.soon(() => this.tick(this.board.nowMs()));
    return { sub, hz };
  }

  /** @throws Refused */
  unsubscribe({ sub }: ParamsOf<'Topics.unsubscribe'>): ResultOf<'Topics.unsubscribe'> {
    const { name } = this.find(sub);
    this.subscriptions.delete(sub);
    this.board.unwatch(name);
    return {};
  }

  /** The next part goes at once. @throws Refused */
  acknowledge({ sub, frame }: ParamsOf<'Topics.acknowledge'>): ResultOf<'Topics.acknowledge'> {
    const subscription = this.find(sub);
    if (!subscription.pace.took(frame)) {
      throw new Refused('params', `frame: ${frame} was not sent yet`);
    }
    this.goOn(subscription);
    return {};
  }

  /** Now and then: sends what is due. */
  tick(nowMs: number): void {
    for (const subscription of this.subscriptions.values()) {
      const { topic, pace, sweep, name } = subscription;
      const due = pace.due(nowMs, this.wire.waitingBytes());
      if (due === 'over') {
        this.wire.hangUp();
        return;
      }
      if (subscription.isUnderWay) this.goOn(subscription);
      else if (due === 'now') {
        this.board.look(name, nowMs);
        if (sweep.from < topic.floor) sweep.from = 0;
        if (topic.last === sweep.from && sweep.from > 0) continue;
        sweep.to = topic.last;
        sweep.cursor = 0;
        subscription.isUnderWay = true;
        this.goOn(subscription);
      }
    }
  }

  /** The connection is over. */
  close(): void {
    this.board.clients.delete(this);
    for (const { name } of this.subscriptions.values()) this.board.unwatch(name);
    this.subscriptions.clear();
  }

  /** As many parts as may be under way. */
  private goOn(subscription: Subscription): void {
    const { sub, topic, pace, sweep } = subscription;
    while (subscription.isUnderWay && pace.isFree(this.wire.waitingBytes())) {
      const { data, cursor } = topic.read(sweep, { sub, frame: pace.next }, LIMITS.frameBytes);
      pace.went();
      this.wire.send(data);
      subscription.isUnderWay = cursor !== null;
      if (cursor === null) sweep.from = sweep.to;
      else sweep.cursor = cursor;
    }
  }

  /** @throws Refused */
  private find(sub: number): Subscription {
    const found = this.subscriptions.get(sub);
    if (found === undefined) throw new Refused('gone', `there is no subscription ${sub}`);
    return found;
  }
}
