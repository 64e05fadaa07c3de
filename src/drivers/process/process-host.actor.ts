/**
 * Carries out what the arbiter has decided about instances that are processes of this machine, through
 * the agent, and says what it sees of them: the part of ports/executor.ts that concerns instances. It
 * decides nothing. What it knows is what the agent's reports say, so the next brain finds the instances
 * that run, and where. A start that is asked again asks for the very same process, port included.
 */
import {
  type CarryOut,
  type Effect,
  type Observation,
  type ServiceRecord,
  specOf,
} from '../../actors/index.ts';
import { type AgentClient, type ChildReport, connectAgent } from '../../agent/index.ts';
import { type ActorDefinition, type AnyRef, actor, type Context } from '../../runtime/index.ts';
import type { Address, AddressBook } from '../address-book.ts';
import { ArbiterRecords } from '../arbiter-records.ts';
import { askDrain } from '../drain/ask-drain.ts';
import { accepts } from '../probe/ask-probe.ts';
import { isFenced, isTransient, signatureOf } from './agent-words.ts';
import { FreePorts, type PortRange } from './free-ports.ts';
import { addressOf, childOf, childSpecOf, type Launch, prepareData } from './launch.ts';
import { usageOf } from './proc-usage.ts';
import type { Releases } from './releases.ts';

/** What it works with. */
export type ProcessHostArgs = {
  /** The agent's. */
  readonly socket: string;
  readonly book: AddressBook;
  readonly releases: Releases;
  /** Directories of slots that keep data lie below it. */
  readonly data: string;
  readonly ports: PortRange;
  /** Requests that a router has under way to an instance. */
  readonly underWay: (instance: string) => number;
};

/** What it understands. */
export type ProcessHostMessages = {
  /** Who is told what is seen; without it nobody is. */
  attach(arbiter: AnyRef): void;
  /** False is the word to a deposed leader. */
  carryOut(order: CarryOut): Promise<boolean>;
  /** From the agent: a child has ended. */
  ended(child: ChildReport): void;
  /** From the agent: it is there again. */
  reconnected(): void;
  /** From its own timer: what runs, and what should not. */
  look(): Promise<void>;
};

/** Between two looks at all instances. Longer: later seen. Shorter: more questions to the agent. Ms. */
const LOOK_MS = 1000;
/** An instance that nobody wants is ended after so many looks; one may be between two records. */
const STRAY_LOOKS = 5;
/** So many looks the port of one that has ended is tried: who answers there is a zombie. */
const ZOMBIE_LOOKS = 3;
const ZOMBIE_MS = 200;
/** Ended instances that the agent remembers for us; of more, the oldest are forgotten. */
const ENDED_MAX = 500;
/** Part of the grace that requests under way get before the signal. */
const DRAINED_PART = 0.5;

type Known = {
  readonly address: Address;
  readonly startTicks: string | null;
  /** Null: adopted, and its records were not read yet. */
  launch: Launch | null;
  /** Looks since somebody wanted it. */
  strayed: number;
  /** It is to end, and when that was said; monotonic milliseconds. */
  endingMs: number | null;
  isSignalled: boolean;
  /** Why it was killed by us; null: it was not. */
  killedFor: string | null;
};

type Ended = { readonly address: Address; readonly signature: string | null; looks: number };

/** Spawned beside the arbiter, on the thread of the address book. */
export const ProcessHost: ActorDefinition<ProcessHostArgs, ProcessHostMessages> = actor(
  import.meta.url,
  {
    name: 'ProcessHost',
    setup: async (args: ProcessHostArgs, ctx: Context) => {
      const client = await connectAgent({
        socket: args.socket,
        onExit: (child) => ctx.tell(ctx.self, 'ended', child),
        onReconnect: () => ctx.tell(ctx.self, 'reconnected'),
      });
      ctx.onStop(() => client.close());
      const host = new Processes(args, ctx, client);
      await host.adopt();
      ctx.timers.every('look', LOOK_MS, 'look');
      return host.handlers();
    },
  },
);

class Processes {
  private readonly args: ProcessHostArgs;
  private readonly ctx: Context;
  private readonly client: AgentClient;
  private readonly ports: FreePorts;
  private readonly known: Map<string, Known> = new Map();
  private readonly ended: Map<string, Ended> = new Map();
  /** Started, and the agent has not said so yet. */
  private readonly begun: Map<string, { readonly launch: Launch; readonly port: number }> =
    new Map();
  private readonly records: ArbiterRecords;
  private epoch = 0;

  constructor(args: ProcessHostArgs, ctx: Context, client: AgentClient) {
    this.args = args;
    this.ctx = ctx;
    this.client = client;
    this.records = new ArbiterRecords(ctx);
    const { from, to } = args.ports;
    this.ports = new FreePorts(args.ports, from + ctx.random(to - from + 1));
  }

  handlers(): ProcessHostMessages {
    return {
      attach: (arbiter) => {
        this.records.attach(arbiter);
        for (const { address, signature } of this.ended.values()) this.sayEnd(address, signature);
        this.sayRunning();
      },
      carryOut: (order) => this.carryOut(order),
      ended: (child) => this.hasEnded(child),
      reconnected: () => void this.adopt().catch(() => undefined),
      look: () => this.look(),
    };
  }

  /** What the agent knows of is what there is. */
  async adopt(): Promise<void> {
    for (const report of await this.client.list()) {
      const address = addressOf(report);
      if (address === null) continue;
      if (report.status === 'running') this.runs(address, report.startTicks, null);
      else if (!this.ended.has(address.instance)) this.hasEnded(report);
    }
  }

  /** Everything at once; @returns false when the agent, or we, have seen a later epoch. */
  private async carryOut({ epoch, effects }: CarryOut): Promise<boolean> {
    if (epoch < this.epoch) return false;
    this.epoch = epoch;
    const outcomes = await Promise.allSettled(effects.map((effect) => this.carry(effect)));
    return !outcomes.some((one) => one.status === 'rejected' && isFenced(one.reason));
  }

  private async carry(effect: Effect): Promise<void> {
    switch (effect.kind) {
      case 'start':
        return this.start(effect);
      case 'askDrain':
        return this.drain(effect.instance);
      case 'terminate':
        return this.terminate(effect.instance);
      case 'kill':
        return this.kill(effect.instance, null);
      case 'publishRing':
      case 'publishRoutes':
        // Routers' business.
        return undefined;
    }
  }

  private async start(effect: Launch): Promise<void> {
    const { instance } = effect;
    const gone = this.ended.get(instance);
    if (gone !== undefined) return this.sayEnd(gone.address, gone.signature);
    if (this.known.has(instance)) return this.sayRunning(instance);
    const begun = this.begun.get(instance) ?? {
      launch: effect,
      port: await this.ports.take(),
    };
    this.begun.set(instance, begun);
    const { launch, port } = begun;
    try {
      const { releases, data } = this.args;
      const release = releases.of(launch.revision);
      prepareData(launch, data);
      const spec = childSpecOf(launch, { port, release, data, env: process.env });
      const report = await this.client.start(this.epoch, childOf(instance), spec);
      this.begun.delete(instance);
      const address = addressOf(report);
      if (address === null) return;
      if (report.status === 'exited') return this.hasEnded(report);
      this.runs(address, report.startTicks, launch);
      this.sayRunning(instance);
    } catch (error) {
      if (isTransient(error)) throw error;
      this.begun.delete(instance);
      this.ports.release(port);
      const { slot, service, revision } = launch;
      const where = { instance, slot, service, revision, zone: '', port, pid: null };
      this.sayEnd(where, `cannot be started: ${String((error as Error).message)}`);
    }
  }

  private runs(address: Address, startTicks: string | null, launch: Launch | null): void {
    const { instance, port } = address;
    if (this.known.has(instance)) return;
    this.ports.keep(port);
    this.args.book.enter(address);
    const calm = { strayed: 0, endingMs: null, isSignalled: false, killedFor: null };
    this.known.set(instance, { address, startTicks, launch, ...calm });
  }

  private async drain(instance: string): Promise<void> {
    const known = this.known.get(instance);
    if (known === undefined) return this.sayGone(instance);
    const { service } = known.address;
    const spec = known.launch?.spec ?? (await this.records.of(service))?.spec;
    // Not waited for: an instance that hangs holds nobody else up.
    void askDrain(spec?.health.drain, known.address).then((answer) =>
      this.say(service, [{ kind: 'drain', instance, answer }]),
    );
  }

  /** Requests that are under way come first; not for ever, since the grace is running. */
  private async terminate(instance: string): Promise<void> {
    const known = this.known.get(instance);
    if (known === undefined) return this.sayGone(instance);
    known.endingMs ??= this.ctx.now();
    await this.endIfIdle(known);
  }

  private async endIfIdle(known: Known): Promise<void> {
    if (known.isSignalled || known.endingMs === null) return;
    const { instance } = known.address;
    const graceMs = (known.launch?.spec.stopGrace ?? 0) * DRAINED_PART;
    const isIdle = this.args.underWay(instance) === 0;
    if (!isIdle && this.ctx.now() - known.endingMs < graceMs) return;
    known.isSignalled = true;
    try {
      await this.client.signal(this.epoch, childOf(instance), 'SIGTERM');
    } catch (error) {
      known.isSignalled = false;
      throw error;
    }
  }

  private async kill(instance: string, why: string | null): Promise<void> {
    const known = this.known.get(instance);
    if (known === undefined && !this.ended.has(instance)) return this.sayGone(instance);
    if (known !== undefined) known.killedFor ??= why;
    await this.client.signal(this.epoch, childOf(instance), 'SIGKILL');
  }

  /** Once for each; what the agent says twice is known. */
  private hasEnded(child: ChildReport): void {
    const address = addressOf(child);
    if (address === null) return;
    const { instance } = address;
    if (this.ended.has(instance)) return;
    const killedFor = this.known.get(instance)?.killedFor ?? null;
    const isMeant = child.exit?.isDismissed === true;
    const signature = isMeant ? null : (killedFor ?? signatureOf(child));
    this.known.delete(instance);
    this.args.book.strike(instance);
    this.ended.set(instance, { address, signature, looks: 0 });
    this.sayEnd(address, signature);
    if (this.ended.size > ENDED_MAX) this.forgetOldest();
  }

  private forgetOldest(): void {
    const [oldest] = this.ended.keys();
    if (oldest === undefined) return;
    this.ended.delete(oldest);
    void this.client.forget(this.epoch, childOf(oldest)).catch(() => undefined);
  }

  private async look(): Promise<void> {
    const reports = await this.client.list().catch(() => null);
    // Nobody is seen while the agent is away: that is no proof of anything.
    if (reports === null) return;
    for (const report of reports) if (report.status === 'exited') this.hasEnded(report);
    this.sayRunning();
    for (const known of this.known.values()) {
      await this.endIfIdle(known).catch(() => undefined);
      await this.holdToItsMemory(known);
    }
    await this.findZombies();
    await this.findStrays();
  }

  private async holdToItsMemory({ address, startTicks, launch }: Known): Promise<void> {
    const most = launch?.spec.resources.memory;
    const usage =
      most === undefined || address.pid === null ? null : usageOf(address.pid, startTicks);
    if (most === undefined || usage === null || usage.bytes <= most) return;
    const why = `more memory than it may use: ${most} bytes`;
    await this.kill(address.instance, why).catch(() => undefined);
  }

  /** Whoever answers where one has ended, and where nobody else was started since. */
  private async findZombies(): Promise<void> {
    const taken = new Set([...this.known.values()].map(({ address }) => address.port));
    for (const one of this.ended.values()) {
      if (one.looks > ZOMBIE_LOOKS) continue;
      // After it somebody else was given its port.
      if (taken.has(one.address.port)) one.looks = ZOMBIE_LOOKS + 1;
      if (one.looks > ZOMBIE_LOOKS) continue;
      one.looks++;
      const { instance, port, service } = one.address;
      const isAnswering = await accepts(port, ZOMBIE_MS);
      if (isAnswering) this.say(service, [{ kind: 'zombie', instance, isAnswering }]);
      if (isAnswering) one.looks = 0;
      else if (one.looks > ZOMBIE_LOOKS) {
        this.say(service, [{ kind: 'zombie', instance, isAnswering }]);
        this.ports.release(port);
      }
    }
  }

  /** What is in no record is nobody's, and what is in the records and not here has ended. */
  private async findStrays(): Promise<void> {
    const services = new Set([...this.known.values()].map(({ address }) => address.service));
    for (const service of await this.records.services()) services.add(service);
    for (const service of services) {
      const record = await this.records.of(service);
      if (record === undefined) continue;
      const wanted = record?.instances ?? new Map();
      for (const known of this.known.values()) {
        if (known.address.service !== service) continue;
        if (record !== null) known.launch ??= launchOf(record, known.address);
        known.strayed = wanted.has(known.address.instance) ? 0 : known.strayed + 1;
        if (known.strayed < STRAY_LOOKS) continue;
        await this.kill(known.address.instance, 'nobody wants it').catch(() => undefined);
      }
      for (const { id, life } of record?.instances.values() ?? []) {
        const isHere = this.known.has(id) || this.begun.has(id) || life.state === 'pending';
        if (!isHere) this.sayGone(id);
      }
    }
  }

  private sayRunning(only?: string): void {
    const byService = new Map<string, Observation[]>();
    for (const { address } of this.known.values()) {
      const { instance, service } = address;
      if (only !== undefined && only !== instance) continue;
      const list = byService.get(service) ?? [];
      list.push({ kind: 'agent', instance, word: 'running' });
      byService.set(service, list);
    }
    for (const [service, list] of byService) this.say(service, list);
  }

  /** Null: it was ended by somebody who may. */
  private sayEnd({ service, instance }: Address, signature: string | null): void {
    const end: Observation =
      signature === null
        ? { kind: 'agent', instance, word: 'ended', isMeant: true }
        : { kind: 'failure', instance, signature, key: null };
    this.say(service, [end]);
  }

  /** Not known here, nor to the agent: it has ended. */
  private sayGone(instance: string): void {
    const known = this.ended.get(instance);
    if (known === undefined) {
      const service = instance.slice(0, instance.indexOf('/'));
      this.say(service, [{ kind: 'agent', instance, word: 'ended' }]);
    } else this.sayEnd(known.address, known.signature);
  }

  private say(service: string, list: readonly Observation[]): void {
    this.records.say(service, list);
  }
}

/** As it was started by the brain before this one. */
function launchOf(record: ServiceRecord, { instance, slot, service, revision }: Address): Launch {
  return { instance, slot, service, revision, spec: specOf(record, revision) };
}
