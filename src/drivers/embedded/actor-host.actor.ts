/**
 * Carries out what the brain decides about a fleet of actors in this process: starts and ends instances,
 * takes tables, and tells the arbiter again and again who runs and which tables are gone by. It
 * implements ports/executor.ts; what it works with is on its own thread.
 */
import { type CarryOut, type Effect, type Observation, specOf } from '../../actors/index.ts';
import { type ActorDefinition, type AnyRef, actor, type Context } from '../../runtime/index.ts';
import { ArbiterRecords } from '../arbiter-records.ts';
import { RecentCuts } from '../router/recent-cuts.ts';
import type { ActorInstances } from './actor-instances.ts';
import type { LocalRoutes } from './local-routes.ts';

/** What it works with. */
export type ActorHostArgs = {
  readonly instances: ActorInstances;
  readonly routes: LocalRoutes;
  /** Understands `attach` of feeds. */
  readonly metrics: AnyRef;
};

/** What it understands. */
export type ActorHostMessages = {
  /** Whom it tells what happens. */
  attach(arbiter: AnyRef): void;
  /** False is the word to a deposed leader. */
  carryOut(order: CarryOut): boolean;
  /** From the instances: one runs. */
  runs(what: { readonly service: string; readonly instance: string }): void;
  /** From the instances: one has ended; null: as it was told to. */
  ended(what: {
    readonly service: string;
    readonly instance: string;
    readonly signature: string | null;
  }): void;
  /** From its own timer. */
  look(): Promise<void>;
};

/** As routers are called. */
const ROUTER = 'embedded';
/** Between two looks. Longer: older words, less work. Milliseconds. */
const LOOK_MS = 250;

/** Spawned beside the arbiter, on the main thread. */
export const ActorHost: ActorDefinition<ActorHostArgs, ActorHostMessages> = actor(import.meta.url, {
  name: 'ActorHost',
  setup: (args: ActorHostArgs, ctx: Context) => {
    const host = new Host(args, ctx);
    ctx.timers.every('look', LOOK_MS, 'look');
    return {
      attach: (arbiter) => host.records.attach(arbiter),
      carryOut: (order) => host.carryOut(order),
      runs: ({ service, instance }) =>
        host.records.say(service, [{ kind: 'agent', instance, word: 'running' }]),
      ended: (what) => host.ended(what),
      look: () => host.look(),
    };
  },
});

class Host {
  readonly records: ArbiterRecords;
  private readonly args: ActorHostArgs;
  private readonly ctx: Context;
  /** To end when they have nothing under way. */
  private readonly ending: Set<string> = new Set();
  private readonly cuts: RecentCuts = new RecentCuts();
  private epoch = 0;

  constructor(args: ActorHostArgs, ctx: Context) {
    this.args = args;
    this.ctx = ctx;
    this.records = new ArbiterRecords(ctx);
  }

  carryOut({ epoch, effects }: CarryOut): boolean {
    if (epoch < this.epoch) return false;
    this.epoch = epoch;
    for (const effect of effects) this.carry(effect);
    this.sayTables();
    return true;
  }

  ended({ service, instance, signature }: Parameters<ActorHostMessages['ended']>[0]): void {
    this.ending.delete(instance);
    const end: Observation =
      signature === null
        ? { kind: 'agent', instance, word: 'ended' }
        : { kind: 'failure', instance, signature, key: null };
    this.records.say(service, [end]);
  }

  async look(): Promise<void> {
    const { instances, routes, metrics } = this.args;
    for (const instance of this.ending) this.endIfIdle(instance);
    for (const { service, instance } of instances.running()) {
      this.records.say(service, [{ kind: 'agent', instance, word: 'running' }]);
    }
    await this.follow();
    this.sayTables();
    this.sayMore();
    routes.feed.flip();
    this.ctx.tell(metrics, 'attach', routes.feed.attachment());
  }

  /** Which keys are asked for, and on which one instances were lost. */
  private sayMore(): void {
    const { routes } = this.args;
    const nowMs = this.ctx.now();
    for (const cut of routes.takeLost()) this.cuts.note(cut, nowMs);
    for (const { service, instance, key } of this.cuts.of(nowMs)) {
      this.records.say(service, [{ kind: 'failureKey', instance, key }]);
    }
    for (const { service, loads } of routes.slices.due(nowMs, (one) => routes.membersOf(one))) {
      this.records.sayLoads({ service, router: ROUTER, loads });
    }
  }

  private carry(effect: Effect): void {
    const { instances, routes } = this.args;
    const { service } = effect;
    switch (effect.kind) {
      case 'start':
        instances.start(effect);
        // Whatever is published next can be gone by at once.
        routes.expect(service, effect.spec);
        break;
      case 'askDrain':
        this.sayDrain(service, effect.instance);
        break;
      case 'terminate':
        this.ending.add(effect.instance);
        this.endIfIdle(effect.instance);
        break;
      case 'kill':
        if (!instances.end(effect.instance)) this.sayGone(service, effect.instance);
        break;
      case 'publishRing':
        routes.take(service, { ring: effect.ring, second: null });
        break;
      case 'prepareRing':
        routes.take(service, { second: effect.ring });
        break;
      case 'publishRoutes':
        routes.take(service, { routes: effect.routes });
    }
  }

  /** What is under way is finished first. */
  private endIfIdle(instance: string): void {
    const { instances, routes } = this.args;
    if (routes.underWay(instance) > 0) return;
    this.ending.delete(instance);
    if (!instances.end(instance)) this.sayGone(instance.split('/')[0] ?? '', instance);
  }

  private sayDrain(service: string, instance: string): void {
    const answer = this.args.routes.underWay(instance) === 0 ? 'mayStop' : 'tooEarly';
    this.records.say(service, [{ kind: 'drain', instance, answer }]);
  }

  private sayGone(service: string, instance: string): void {
    this.records.say(service, [{ kind: 'agent', instance, word: 'ended' }]);
  }

  /** Nobody is asked by an earlier table: a question is sent as it is chosen. */
  private sayTables(): void {
    for (const { service, ...known } of this.args.routes.known()) {
      this.records.say(service, [
        { kind: 'router', id: ROUTER, incarnation: this.epoch, ...known },
      ]);
    }
  }

  /** Specifications, tables that were published before, instances that nobody knows of any more. */
  private async follow(): Promise<void> {
    const { instances, routes } = this.args;
    const services = await this.records.services();
    for (const service of services) {
      const record = await this.records.of(service);
      if (!record) continue;
      const { ring, dual, routes: table } = record;
      const spec = specOf(record, record.goal.stable);
      if (table.isRemoved) routes.remove(service);
      else routes.take(service, { spec, ring, second: dual?.ring ?? null, routes: table });
      for (const { id, life } of record.instances.values()) {
        if (!instances.has(id) && life.state !== 'pending') this.sayGone(service, id);
      }
      const wanted = record.instances;
      for (const { service: own, instance } of instances.running()) {
        if (own === service && !wanted.has(instance)) instances.end(instance);
      }
    }
    if (services.length === 0) return;
    for (const { service } of routes.known())
      if (!services.includes(service)) routes.remove(service);
  }
}
