/**
 * Instances that are actors of this system: each has a supervisor of its own, which restarts it when it
 * crashes, within its intensity; when that gives up, the instance has ended, and the brain decides what
 * follows. Started from the module that the specification names; on whatever thread the system spreads to.
 */
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type ServiceSpec, slotParts } from '../../actors/index.ts';
import type { ActorDefinition, AnyRef, Supervisor, System } from '../../runtime/index.ts';
import type { AddressBook } from '../address-book.ts';
import { driverError } from '../errors.ts';
import { environmentOf } from '../process/environment.ts';
import type { Launch } from '../process/launch.ts';

/** What an instance is given as `args`. */
export type ActorInstanceArgs = {
  readonly instance: string;
  readonly service: string;
  readonly region: string;
  readonly zone: string;
  readonly ordinal: number;
  readonly version: string;
  readonly revision: string;
  /** Of the specification, resolved. */
  readonly env: Readonly<Record<string, string>>;
};

/** Where the definitions of actors come from. */
export type ActorModules = {
  /** Whose they are: another fleet of the same system may have services of the same names. */
  readonly family: string;
  /** From which modules are meant. */
  readonly folder: string;
  /** By the name of the export: these are not imported. A module cannot import itself while it runs. */
  readonly actors: Readonly<Record<string, unknown>>;
};

/** Who hears of what happens. */
export type InstanceEars = {
  readonly runs: (launch: Launch) => void;
  /** Once for each. `signature`: how it ended; null: it was told to. */
  readonly ended: (launch: Launch, signature: string | null) => void;
};

/** One that runs, or is about to. `ref`: null until its first incarnation is set up. */
type Known = {
  readonly launch: Launch;
  ref: AnyRef | null;
  supervisor: Supervisor | null;
  isWanted: boolean;
};

/** Characters of an instance in its supervisor's name, for people to read. */
const NAME_MAX = 100;

/** Thread rule: the main thread. */
export class ActorInstances {
  private readonly system: System;
  private readonly book: AddressBook;
  private readonly modules: ActorModules;
  private readonly ears: InstanceEars;
  private readonly known: Map<string, Known> = new Map();
  private numbers = 0;
  private isClosed = false;

  constructor(system: System, book: AddressBook, modules: ActorModules, ears: InstanceEars) {
    this.system = system;
    this.book = book;
    this.modules = modules;
    this.ears = ears;
  }

  /** Starts it, once; what comes of it is heard. */
  start(launch: Launch): void {
    const { instance } = launch;
    if (this.isClosed || this.known.has(instance)) return;
    const known: Known = { launch, ref: null, supervisor: null, isWanted: true };
    this.known.set(instance, known);
    this.begin(known).catch((error: unknown) => {
      this.forget(known, unstarted(error));
    });
  }

  /** It handles what it has, and ends. @returns false for one that is not here */
  end(instance: string): boolean {
    const known = this.known.get(instance);
    if (known === undefined) return false;
    known.isWanted = false;
    // One whose setup is not over is ended when it is.
    void known.supervisor?.stop();
    return true;
  }

  /** Null: it is not here, or not set up yet. */
  ref(instance: string): AnyRef | null {
    return this.known.get(instance)?.ref ?? null;
  }

  /** All that are set up. */
  running(): readonly Launch[] {
    return [...this.known.values()].filter(({ ref }) => ref !== null).map(({ launch }) => launch);
  }

  /** Whether it is here, set up or not. */
  has(instance: string): boolean {
    return this.known.has(instance);
  }

  /** Ends all of them; also those whose module is still being loaded. Nobody is started any more. */
  async close(): Promise<void> {
    this.isClosed = true;
    const all = [...this.known.values()].map((known) => {
      known.isWanted = false;
      return known.supervisor?.stop();
    });
    await Promise.allSettled(all);
  }

  private async begin(known: Known): Promise<void> {
    const { launch } = known;
    const { instance, slot, service, revision, spec } = launch;
    const definition = await this.definitionOf(spec);
    if (!known.isWanted) {
      this.forget(known, null);
      return;
    }
    const parts = slotParts(slot);
    const { region = '', zone = '', ordinal = 0 } = parts ?? {};
    const who = { instance, service, region, zone, ordinal, revision, port: 0, data: null };
    const env = environmentOf(spec, who, process.env);
    // Ids have fewer characters than instances, and are shorter: family and number tell them apart.
    const own = instance.replace(/[^\w.-]/g, '.').slice(0, NAME_MAX);
    const name = `${this.modules.family}.${own}.${++this.numbers}`;
    const supervisor = this.system.supervisor({ name });
    known.supervisor = supervisor;
    void supervisor.ended.then((exit) => {
      const isOrdered = !known.isWanted;
      this.forget(known, isOrdered ? null : signatureOf(exit.error));
    });
    const args: ActorInstanceArgs = {
      ...{ instance, service, region, zone, ordinal, revision, env },
      version: spec.version,
    };
    try {
      known.ref = (await supervisor.spawn(definition, {
        id: 'instance',
        args,
        stopDeadline: spec.stopGrace,
      })) as AnyRef;
    } catch (error) {
      this.forget(known, unstarted(error));
      void supervisor.stop();
      return;
    }
    if (!known.isWanted) {
      void supervisor.stop();
      return;
    }
    const place = { slot, zone, revision, port: 0, pid: null };
    this.book.enter({ instance, service, ...place });
    this.ears.runs(launch);
  }

  private forget(known: Known, signature: string | null): void {
    const { instance } = known.launch;
    if (this.known.get(instance) !== known) return;
    this.known.delete(instance);
    this.book.strike(instance);
    this.ears.ended(known.launch, signature);
  }

  /** @throws RM_DRIVER_START for a module or an export that is not there */
  private async definitionOf({ actor: named = '' }: ServiceSpec): Promise<AnyDefinition> {
    const [path = '', name = 'default'] = named.split('#');
    const { folder, actors } = this.modules;
    if (Object.hasOwn(actors, name)) return actors[name] as AnyDefinition;
    const url = pathToFileURL(resolve(folder, path)).href;
    const module = (await import(url)) as Readonly<Record<string, unknown>>;
    const found = module[name];
    if (typeof found === 'object' && found !== null) return found as AnyDefinition;
    const known = Object.keys(module).join(', ') || 'nothing';
    const message = `${named} has no export ${name}: the module exports ${known}.`;
    throw driverError('RM_DRIVER_START', message, { actor: named });
  }
}

type AnyDefinition = ActorDefinition<ActorInstanceArgs, Record<string, never>>;

function unstarted(error: unknown): string {
  return `cannot be started: ${String((error as Error).message)}`;
}

/** How it ended, without what differs from case to case: equal ends are counted together. */
function signatureOf(error: unknown): string {
  let cause = error;
  while (cause instanceof Error && cause.cause instanceof Error) cause = cause.cause;
  return `its supervisor gave up: ${cause instanceof Error ? cause.name : 'it ended'}`;
}
