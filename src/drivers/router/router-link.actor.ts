/**
 * The brain's link to one router host: starts it through the agent, tells it whole tables, and tells the
 * arbiter what that router really knows, again and again; feeds what it measures to the metrics. It
 * decides nothing: what is routed stands in the records. A router that is silent is not said to be dead
 * before the agent has seen its end; one that is silent for long is ended, and another one is started.
 * Long, since it is one idea: both ends of one conversation.
 */
import {
  type CarryOut,
  type Effect,
  MetricFeed,
  type Observation,
  type ServiceRecord,
} from '../../actors/index.ts';
import { type AgentClient, type ChildReport, connectAgent } from '../../agent/index.ts';
import { type ActorDefinition, type AnyRef, actor, type Context } from '../../runtime/index.ts';
import type { AddressBook } from '../address-book.ts';
import { ArbiterRecords } from '../arbiter-records.ts';
import { RecentCuts } from './recent-cuts.ts';
import { type RequestFigures, RequestTally } from './request-tally.ts';
import type { RequestsUnderWay } from './requests-under-way.ts';
import { routerSocket } from './router.ts';
import { RouterClient } from './router-client.ts';
import { type RouterPlace, RouterProcess, routerChild } from './router-process.ts';
import type { DeafPort, RouterMessage, WindowMessage } from './router-protocol.ts';
import { SliceRates } from './slice-rates.ts';
import { countsSlices, type Routed, tableMessage } from './table-message.ts';
import { answersOf } from './window-recorder.ts';

/** What it works with. */
export type RouterLinkArgs = {
  /** The agent's. */
  readonly socket: string;
  readonly router: RouterPlace;
  readonly book: AddressBook;
  readonly underWay: RequestsUnderWay;
};

/** Who is told, and by whose right. */
export type RouterAttachment = {
  readonly arbiter: AnyRef;
  /** Null: what is measured is dropped. */
  readonly metrics: AnyRef | null;
  /** The leader's. */
  readonly epoch: number;
};

/** How it stands, for people. */
export type RouterStatus = {
  readonly isConnected: boolean;
  /** Of the router; 0: it was not heard yet. */
  readonly incarnation: number;
  /** A later brain has spoken to it. */
  readonly isDeposed: boolean;
  readonly known: readonly {
    readonly service: string;
    readonly generation: number;
    readonly routes: number;
    /** Of a second ring that is held ready. */
    readonly prepared: number;
  }[];
  /** Answers that are in no window; windows that were lost on the way. */
  readonly dropped: number;
  readonly lost: number;
  /** Where it should listen and does not. */
  readonly deaf: readonly DeafPort[];
  /** The newest last. */
  readonly troubles: readonly string[];
};

/** What it understands. */
export type RouterLinkMessages = {
  /** Whose decisions it publishes from now on, and to whom it tells what it hears. */
  attach(to: RouterAttachment): void;
  /** Takes what is to be published, at once; false is the word to a deposed leader. */
  carryOut(order: CarryOut): boolean;
  /** How it stands. */
  status(): RouterStatus;
  /** Requests that were answered, by service and revision, since the link was started. */
  requests(): readonly RequestFigures[];
  /** From its socket: the router has answered the call. */
  connected(): void;
  /** From its socket: a word of the router. */
  heard(message: RouterMessage): void;
  /** From its socket: the connection is gone; it is called again. */
  lost(): void;
  /** From its timer: keeps the router running, and says again what it knows. */
  look(): Promise<void>;
  /** From the agent: a child has ended. */
  ended(child: ChildReport): void;
};

/** Between two signs of life, and two looks at the records. Longer: later noticed. Milliseconds. */
const LOOK_MS = 1000;
const TROUBLES_MAX = 10;

/** Spawned beside the arbiter, on the thread of the address book; one for each router. */
export const RouterLink: ActorDefinition<RouterLinkArgs, RouterLinkMessages> = actor(
  import.meta.url,
  {
    name: 'RouterLink',
    setup: async (args: RouterLinkArgs, ctx: Context) => {
      const agent = await connectAgent({
        socket: args.socket,
        onExit: (child) => ctx.tell(ctx.self, 'ended', child),
      });
      ctx.onStop(() => agent.close());
      const client = new RouterClient(routerSocket(args.router.directory), {
        connected: () => ctx.tell(ctx.self, 'connected'),
        heard: (message) => ctx.tell(ctx.self, 'heard', message),
        lost: () => ctx.tell(ctx.self, 'lost'),
      });
      ctx.onStop(() => client.close());
      client.open();
      ctx.timers.every('look', LOOK_MS, 'look');
      return new Link(args, ctx, { agent, client }).handlers();
    },
  },
);

type Known = {
  readonly generation: number;
  readonly routes: number;
  readonly prepared: number;
};

class Link {
  private readonly args: RouterLinkArgs;
  private readonly ctx: Context;
  private readonly process: RouterProcess;
  private readonly client: RouterClient;
  private readonly records: ArbiterRecords;
  private readonly name: string;
  private metrics: AnyRef | null = null;
  private epoch = 0;
  private incarnation = 0;
  /** Answered `hello` on this connection. */
  private isWelcome = false;
  private isDeposed = false;
  private feed: MetricFeed | null = null;
  private readonly wanted: Map<string, Routed> = new Map();
  /** As it was said on this connection, as text. */
  private readonly said: Map<string, string> = new Map();
  private readonly known: Map<string, Known> = new Map();
  /** Instances of each service that had an address. */
  private readonly met: Map<string, Set<string>> = new Map();
  private readonly tally: RequestTally = new RequestTally();
  private readonly slices: SliceRates = new SliceRates();
  private readonly cuts: RecentCuts = new RecentCuts();
  private window = 0;
  private lostWindows = 0;
  private dropped = 0;
  private deaf: readonly DeafPort[] = [];
  private readonly troubles: string[] = [];

  constructor(
    args: RouterLinkArgs,
    ctx: Context,
    { agent, client }: { agent: AgentClient; client: RouterClient },
  ) {
    this.args = args;
    this.ctx = ctx;
    this.client = client;
    this.name = args.router.name;
    this.process = new RouterProcess(agent, args.router, {
      gone: () => this.sayGone(),
      trouble: (what) => this.note(what),
    });
    this.records = new ArbiterRecords(ctx);
  }

  handlers(): RouterLinkMessages {
    return {
      attach: ({ arbiter, metrics, epoch }) => {
        this.records.attach(arbiter);
        this.metrics = metrics;
        this.lead(epoch);
        this.ctx.tell(this.ctx.self, 'look');
      },
      carryOut: (order) => this.carryOut(order),
      status: () => this.status(),
      requests: () => this.tally.figures(),
      connected: () => this.hello(),
      heard: (message) => this.heard(message),
      lost: () => this.forgetConnection(),
      look: () => this.look(),
      ended: (child) => this.ended(child),
    };
  }

  private carryOut({ epoch, effects }: CarryOut): boolean {
    if (epoch < this.epoch) return false;
    this.lead(epoch);
    for (const effect of effects) this.take(effect);
    return !this.isDeposed;
  }

  private take(effect: Effect): void {
    const known = this.wanted.get(effect.service);
    // Its specification comes with the next look.
    if (known === undefined) return;
    if (effect.kind === 'publishRing') {
      this.wanted.set(effect.service, { ...known, ring: effect.ring, second: null });
    } else if (effect.kind === 'prepareRing') {
      this.wanted.set(effect.service, { ...known, second: effect.ring });
    } else if (effect.kind === 'publishRoutes') {
      this.wanted.set(effect.service, { ...known, routes: effect.routes });
    } else return;
    this.publish(effect.service);
  }

  private lead(epoch: number): void {
    if (epoch <= this.epoch) return;
    this.epoch = epoch;
    this.isDeposed = false;
    this.hello();
  }

  private hello(): void {
    if (this.epoch > 0) this.client.say({ do: 'hello', epoch: this.epoch });
  }

  private forgetConnection(): void {
    this.isWelcome = false;
    this.said.clear();
    this.known.clear();
  }

  private heard(message: RouterMessage): void {
    this.process.heard();
    switch (message.event) {
      case 'welcome':
        this.welcome(message.incarnation, message.services);
        break;
      case 'knows': {
        const { service, generation, routes, prepared, underWay } = message;
        this.known.set(service, { generation, routes, prepared });
        this.args.underWay.setService(this.name, service, underWay);
        this.say(service);
        break;
      }
      case 'removed':
        this.args.underWay.setService(this.name, message.service, []);
        this.removed(message.service);
        break;
      case 'refused':
        this.isDeposed = message.epoch > this.epoch;
        break;
      case 'deaf':
        this.deaf = message.ports;
        break;
      case 'trouble':
        this.note(message.what);
        break;
      case 'window':
        this.measured(message);
    }
  }

  private welcome(incarnation: number, services: readonly string[]): void {
    if (incarnation !== this.incarnation) {
      this.incarnation = incarnation;
      this.window = 0;
      this.feed = new MetricFeed(this.name, { incarnation });
    }
    this.forgetConnection();
    this.isWelcome = true;
    for (const service of this.wanted.keys()) this.publish(service);
    // Those that nobody wants are found with the records.
    for (const service of services) if (!this.said.has(service)) this.said.set(service, '');
    this.ctx.tell(this.ctx.self, 'look');
  }

  private measured({ number, dropped, columns, slices, cuts }: WindowMessage): void {
    const { feed } = this;
    this.args.underWay.set(
      this.name,
      columns.map(({ instance, underWay }) => [instance, underWay]),
    );
    if (this.window > 0) this.lostWindows += Math.max(0, number - this.window - 1);
    this.window = number;
    this.dropped = dropped;
    for (const counts of slices) this.slices.of(counts.service).take(counts);
    for (const cut of cuts) this.cuts.note(cut, this.ctx.now());
    if (feed === null) return;
    for (const column of columns) {
      const answers = answersOf(column);
      this.tally.note(column.service, column.revision, answers);
      for (const { seconds, isError } of answers) feed.record(column, seconds, isError);
    }
    feed.flip();
    if (this.metrics !== null) this.ctx.tell(this.metrics, 'attach', feed.attachment());
  }

  private async look(): Promise<void> {
    await this.keepRunning();
    if (this.isDeposed) return;
    const services = await this.records.services();
    for (const service of services) {
      const record = await this.records.of(service);
      if (record === undefined) return;
      if (record !== null) this.follow(record);
    }
    this.sayMore();
    // Nobody has told us of any: that is no order to forget them.
    if (services.length === 0) return;
    for (const service of new Set([...this.said.keys(), ...this.wanted.keys()])) {
      if (services.includes(service)) continue;
      this.wanted.delete(service);
      this.met.delete(service);
      this.tally.keep(service, new Set());
      this.slices.forget(service);
      this.remove(service);
    }
  }

  /** Which keys are asked for, and on which one instances were lost. */
  private sayMore(): void {
    const nowMs = this.ctx.now();
    const membersOf = (service: string): number =>
      this.wanted.get(service)?.ring?.members.length ?? 0;
    for (const { service, loads } of this.slices.due(nowMs, membersOf)) {
      this.records.sayLoads({ service, router: this.name, loads });
    }
    for (const { service, instance, key } of this.cuts.of(nowMs)) {
      this.records.say(service, [{ kind: 'failureKey', instance, key }]);
    }
  }

  private follow(record: ServiceRecord): void {
    const { name, spec, ring, routes, routers, dual, revisions } = record;
    this.tally.keep(name, new Set(revisions.map(({ id }) => id)));
    this.wanted.set(name, { spec, ring, routes, second: dual?.ring ?? null });
    if (!countsSlices(spec)) this.slices.forget(name);
    if (spec.route === undefined || routes.isRemoved) {
      if (this.said.has(name) || routers.get(this.name)?.standing === 'live') this.remove(name);
      return;
    }
    this.publish(name);
    this.say(name);
  }

  private publish(service: string): void {
    const wanted = this.wanted.get(service);
    if (wanted === undefined || !this.isWelcome || this.isDeposed) return;
    const { book } = this.args;
    const met = this.meet(service, wanted);
    const hasEnded = (one: string): boolean => met.has(one) && book.of(one) === undefined;
    const message = tableMessage(service, wanted, { book, epoch: this.epoch, hasEnded });
    if (message === null) return;
    const text = JSON.stringify(message);
    if (this.said.get(service) === text) return;
    if (this.client.say(message)) this.said.set(service, text);
  }

  private meet(service: string, { routes }: Routed): ReadonlySet<string> {
    const before = this.met.get(service);
    const names = routes.routes.map(({ instance }) => instance);
    const isMet = (one: string): boolean =>
      before?.has(one) === true || this.args.book.of(one) !== undefined;
    const met = new Set(names.filter(isMet));
    this.met.set(service, met);
    return met;
  }

  private remove(service: string): void {
    if (this.isWelcome) this.client.say({ do: 'remove', epoch: this.epoch, service });
  }

  /** It is asked for there no more: whatever is published, this router goes by nothing older. */
  private removed(service: string): void {
    this.said.delete(service);
    this.known.delete(service);
    const wanted = this.wanted.get(service);
    if (wanted === undefined || (wanted.spec.route !== undefined && !wanted.routes.isRemoved))
      return;
    const generation = wanted.ring?.generation ?? 0;
    const prepared = wanted.second?.generation ?? 0;
    this.known.set(service, { generation, routes: wanted.routes.number, prepared });
    this.say(service);
  }

  /** What the router has, and that it lives. */
  private say(service: string): void {
    if (!this.isWelcome || this.isDeposed) return;
    const known = this.known.get(service) ?? { generation: 0, routes: 0, prepared: 0 };
    const { name: id, incarnation } = this;
    this.records.say(service, [{ kind: 'router', id, ...known, incarnation }]);
  }

  /** Started when it does not run, ended when it hangs. */
  private async keepRunning(): Promise<void> {
    if (this.epoch === 0 || this.isDeposed) return;
    const isFenced = await this.process.keep(this.epoch, this.ctx.now());
    if (isFenced) this.isDeposed = true;
  }

  private note(trouble: string): void {
    this.troubles.push(trouble);
    if (this.troubles.length > TROUBLES_MAX) this.troubles.shift();
  }

  private ended({ id }: ChildReport): void {
    if (id !== routerChild(this.name)) return;
    this.forgetConnection();
    this.ctx.tell(this.ctx.self, 'look');
  }

  private async sayGone(): Promise<void> {
    this.args.underWay.forget(this.name);
    const gone: Observation = { kind: 'routerGone', id: this.name, standing: 'dead' };
    const services = new Set([...this.wanted.keys(), ...(await this.records.services())]);
    for (const service of services) this.records.say(service, [gone]);
  }

  private status(): RouterStatus {
    return {
      isConnected: this.isWelcome,
      incarnation: this.incarnation,
      isDeposed: this.isDeposed,
      known: [...this.known].map(([service, known]) => ({ service, ...known })),
      dropped: this.dropped,
      lost: this.lostWindows,
      deaf: this.deaf,
      troubles: [...this.troubles],
    };
  }
}
