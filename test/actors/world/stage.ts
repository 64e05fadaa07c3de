/**
 * Brains of one or more regions on one simulated system, each with its own prefix in the store, its own
 * processes and hands. What tests of several actors together stand on.
 */
import type { AnyRef } from 'ringmaster';
import {
  Arbiter,
  type ArbiterArgs,
  fleet,
  revisionOf,
  type ServiceInput,
  type ServiceRecord,
  type ServiceSpec,
} from 'ringmaster/control-plane';
import { memoryStore, type Store } from 'ringmaster/store';
import { SimSystem } from 'ringmaster/testkit';
import { Hands, Outside } from './hands.ts';

const ZONES = ['a', 'b', 'c'];

/** A region with its brain. */
export type Region = {
  readonly name: string;
  readonly outside: Outside;
  readonly arbiter: AnyRef;
};

export class Stage {
  readonly system: SimSystem;
  readonly store: Store;
  private leaders = 0;

  private constructor(system: SimSystem) {
    this.system = system;
    this.store = memoryStore({ clock: system.clock, alarm: system.alarm() });
  }

  static async start(seed: number): Promise<Stage> {
    return new Stage(await SimSystem.start({ seed, threads: 0 }));
  }

  /** Spawns an actor of the test's. */
  async spawn(definition: unknown, id: string, args: unknown): Promise<AnyRef> {
    const family = this.system.supervisor({ intensity: { restarts: 10, within: '1s' } });
    const ref = await this.system.until(
      family.spawn(definition as never, { id, args, restart: 'transient' } as never),
    );
    return ref as unknown as AnyRef;
  }

  /** A brain that leads its region, with whatever else it is to be given. */
  async region(name: string, more: Partial<ArbiterArgs> = {}): Promise<Region> {
    const { system, store } = this;
    const outside = new Outside('shop');
    const hands = await this.spawn(Hands, `hands-${name}`, { outside });
    const key = `leader/${name}`;
    const { revision: token } = await system.until(
      store.transact({ success: [{ kind: 'put', key, value: new TextEncoder().encode(name) }] }),
    );
    const args: ArbiterArgs = {
      region: name,
      zones: ZONES,
      period: 1000,
      answerWithin: 500,
      maxStaleness: 15_000,
      store,
      prefix: `fleet/${name}/`,
      leader: { key, token },
      executor: hands,
      prober: hands,
      metrics: null,
      ...more,
    };
    const arbiter = await this.spawn(Arbiter, `arbiter-${name}-${++this.leaders}`, args);
    hands.tell('attach', arbiter);
    return { name, outside, arbiter };
  }

  async apply(
    { name, arbiter }: Region,
    service: ServiceInput,
    allow: readonly string[] = [],
  ): Promise<string> {
    const spec = specIn(name, service);
    const revision = revisionOf(spec, '');
    await this.system.until(
      arbiter.ask('apply', { name: 'shop', spec, revision, allow }, { timeout: '60s' }),
    );
    return revision;
  }

  async record({ arbiter }: Region): Promise<ServiceRecord> {
    const status = await this.system.until(arbiter.ask('status', 'shop', { timeout: '60s' }));
    return (status as { readonly record: ServiceRecord }).record;
  }
}

/** The specification of a service in a region. */
function specIn(region: string, service: ServiceInput): ServiceSpec {
  const regions = [{ name: region, zones: ZONES }];
  return fleet({ name: 'test', regions, services: { shop: service } }).services.shop as ServiceSpec;
}
