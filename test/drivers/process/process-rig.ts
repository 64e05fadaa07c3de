/**
 * Processes under a process host with a real agent, and an arbiter that the test plays: it says what is
 * wanted, and awaits what is said of it.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type ActorDefinition, actor, type Context, type System, start } from 'ringmaster';
import { type Agent, connectAgent, startAgent } from 'ringmaster/agent';
import {
  type Effect,
  fleet,
  type Observation,
  revisionOf,
  type ServiceInput,
  type ServiceSpec,
} from 'ringmaster/control-plane';
import { AddressBook, Prober, ProcessHost, Releases } from 'ringmaster/drivers';

const APP = fileURLToPath(new URL('../apps/instance.mjs', import.meta.url));
const PORTS = { from: 24_000, to: 25_999 };

/** A specification of one service, whole. */
export function specOf(input: Partial<ServiceInput> = {}): ServiceSpec {
  const service = { kind: 'stateless', command: ['node', APP], ...input } as ServiceInput;
  const regions = [{ name: 'eu', zones: ['a'] }];
  return fleet({ name: 'test', regions, services: { shop: service } }).services.shop as ServiceSpec;
}

/** What is wanted, and what was said. */
type Desk = {
  readonly wanted: Map<string, { readonly state: string; readonly revision: string }>;
  readonly said: Observation[];
  waiting: { matches: (one: Observation) => boolean; resolve: (one: Observation) => void }[];
};

const desks = new Map<string, Desk>();

/** Answers as an arbiter does, from what the test has put on the desk. */
export const Desktop: ActorDefinition<
  { readonly name: string },
  {
    observe(what: { readonly list: readonly Observation[] }): void;
    services(): readonly string[];
    status(): unknown;
  }
> = actor(import.meta.url, {
  name: 'Desktop',
  setup: ({ name }: { readonly name: string }, _ctx: Context) => {
    const desk = desks.get(name) as Desk;
    return {
      observe: ({ list }: { readonly list: readonly Observation[] }) => {
        for (const one of list) {
          desk.said.push(one);
          const due = desk.waiting.filter(({ matches }) => matches(one));
          desk.waiting = desk.waiting.filter((other) => !due.includes(other));
          for (const { resolve } of due) resolve(one);
        }
      },
      services: () => ['shop'],
      status: () => ({
        record: {
          revisions: [],
          spec: specOf(),
          instances: new Map(
            [...desk.wanted].map(([id, { state, revision }]) => [
              id,
              { id, revision, life: { state } },
            ]),
          ),
        },
      }),
    };
  },
});

let rigs = 0;

/** One machine. */
export class ProcessRig {
  readonly directory: string = mkdtempSync(join(tmpdir(), 'rm-proc-'));
  readonly book = new AddressBook();
  readonly underWay = new Map<string, number>();
  readonly desk: Desk = { wanted: new Map(), said: [], waiting: [] };
  epoch = 1;
  private agent: Agent | null = null;
  private system: System | null = null;
  private host: Awaited<ReturnType<ProcessRig['spawnHost']>> | null = null;
  private prober: { ask(name: 'probe', question: unknown): Promise<unknown> } | null = null;
  private sequence = 0;

  async begin(): Promise<void> {
    this.agent = await startAgent({
      directory: join(this.directory, 'agent'),
      brain: {
        command: process.execPath,
        args: ['-e', "require('node:net').createServer().listen(0)"],
      },
      config: { startMs: 600_000, stallAfterMs: 600_000 },
      say: () => undefined,
      ended: () => undefined,
    });
    await this.beginBrain();
  }

  /** The part of it that dies with the brain. */
  async beginBrain(): Promise<void> {
    const name = `desk-${++rigs}`;
    desks.set(name, this.desk);
    this.system = await start({ threads: 0 });
    const desktop = await this.system.spawn(Desktop, { args: { name } });
    this.host = await this.spawnHost();
    this.host.tell('attach', desktop as never);
    this.prober = (await this.system.spawn(Prober, { args: { book: this.book } })) as never;
  }

  /** The brain is gone; the agent and the instances are not. */
  async loseBrain(): Promise<void> {
    await this.system?.close();
    for (const { instance } of this.book.all()) this.book.strike(instance);
    this.desk.said.length = 0;
  }

  private spawnHost() {
    return (this.system as System).spawn(ProcessHost, {
      args: {
        socket: (this.agent as Agent).socket,
        book: this.book,
        releases: new Releases(join(this.directory, 'releases')),
        data: join(this.directory, 'data'),
        ports: PORTS,
        underWay: (instance) => this.underWay.get(instance) ?? 0,
      },
    });
  }

  /** Carries effects out, as the arbiter would order them. */
  order(...effects: readonly Effect[]): Promise<unknown> {
    const { epoch } = this;
    return (this.host as NonNullable<typeof this.host>).ask('carryOut', {
      epoch,
      sequence: ++this.sequence,
      effects,
    });
  }

  /** Wanted from now on; the effect that starts it. */
  want(instance: string, spec: ServiceSpec): Effect {
    const revision = revisionOf(spec, '');
    this.desk.wanted.set(instance, { state: 'starting', revision });
    const slot = instance.slice(0, instance.indexOf('#'));
    return {
      kind: 'start',
      key: `start ${instance}`,
      service: 'shop',
      instance,
      slot,
      revision,
      spec,
    };
  }

  /** Wanted no more. */
  drop(instance: string): void {
    this.desk.wanted.delete(instance);
  }

  /** The first that is said from now on, or has been said. */
  said(kind: Observation['kind'], matches: (one: never) => boolean = () => true) {
    const fits = (one: Observation): boolean => one.kind === kind && matches(one as never);
    const known = this.desk.said.find(fits);
    if (known !== undefined) return Promise.resolve(known);
    return new Promise<Observation>((resolve) => {
      this.desk.waiting.push({ matches: fits, resolve });
    });
  }

  /** What was said before counts no more. */
  forget(): void {
    this.desk.said.length = 0;
  }

  probe(instance: string, spec: unknown): Promise<unknown> {
    const prober = this.prober as NonNullable<typeof this.prober>;
    return prober.ask('probe', { instance, probe: 'readiness', spec });
  }

  async reports() {
    const client = await connectAgent({ socket: (this.agent as Agent).socket });
    const reports = await client.list();
    client.close();
    return reports;
  }

  async end(): Promise<void> {
    await this.system?.close();
    for (const { status, pid } of await this.reports()) {
      if (status === 'running' && pid !== null) process.kill(-pid, 'SIGKILL');
    }
    const { agent } = this;
    if (agent !== null) {
      agent.stop();
      agent.stop();
      agent.close();
    }
    rmSync(this.directory, { recursive: true, force: true });
  }
}
