/**
 * A small world for the ring's machine: slots that are started and stopped, routers that acknowledge when
 * they like, and the real admission in between. Everything that happens is asked for by the test.
 */
import {
  admit,
  HASHRING_START,
  type HashringState,
  hashringStep,
  type InstanceState,
  type InstanceView,
  type Intent,
  type RingView,
  type ServiceInput,
  type ServiceView,
  slotId,
} from 'ringmaster/control-plane';
import { instanceView, intentOf, NOW_MS, serviceView, slotView } from '../service-view.ts';

const ZONES = ['a', 'b', 'c'];

/** Thread rule: none. */
export class RingWorld {
  nowMs: number = NOW_MS;
  demand: number;
  ring: RingView | null = null;
  state: HashringState = HASHRING_START;
  readonly kind: 'sharded' | 'stateless';
  readonly instances: Map<string, InstanceView> = new Map();
  private readonly service: ServiceInput;

  constructor(demand: number, kind: 'sharded' | 'stateless' = 'sharded', ring: object = {}) {
    this.demand = demand;
    this.kind = kind;
    this.service =
      kind === 'sharded'
        ? { kind, command: ['x'], shards: 4, ring, rollout: { strategy: 'zones', minReady: '0s' } }
        : { kind, command: ['x'], instances: 4, ring };
  }

  /** Slots that are wanted: sharded in each zone, stateless one zone after the other. */
  slots(): readonly { zone: string; ordinal: number; id: string }[] {
    return Array.from({ length: this.demand }, (_, ordinal) => ordinal).flatMap((ordinal) => {
      const zones = this.kind === 'sharded' ? ZONES : [ZONES[ordinal % 3] as string];
      return zones.map((zone) => {
        const id = slotId({ service: 'shop', region: 'eu', zone, ordinal });
        return { zone, ordinal, id };
      });
    });
  }

  view(more: Partial<ServiceView> = {}): ServiceView {
    const { nowMs, ring } = this;
    const instances = [...this.instances.values()].map((one) => ({ ...one, seenMs: nowMs }));
    const goal = { number: 1, demand: this.demand, stable: 'r1', target: 'r1', shares: [] };
    const slots = this.slots().map(({ zone, ordinal }) =>
      slotView(instanceView({ zone, ordinal })),
    );
    return serviceView(this.service, { nowMs, goal, ring, instances, slots, ...more });
  }

  /** An instance gets into a state; one that was not there comes to be. */
  put(zone: string, ordinal: number, state: InstanceState, more: Partial<InstanceView> = {}): void {
    const readySinceMs = state === 'ready' ? this.nowMs : null;
    const one = instanceView({ zone, ordinal }, { state, readySinceMs, ...more });
    this.instances.set(one.slot, one);
  }

  /** Everything that is wanted serves. */
  serveAll(): void {
    for (const { zone, ordinal, id } of this.slots()) {
      if (this.instances.get(id)?.state !== 'ready') this.put(zone, ordinal, 'ready');
    }
  }

  /** What placement does: instances without a slot end, if the arbiter lets them. */
  stopExcess(): void {
    const wanted = new Set(this.slots().map(({ id }) => id));
    for (const one of this.view().instances) {
      if (wanted.has(one.slot)) continue;
      const act = { kind: 'stop', instance: one.id } as const;
      const stop = intentOf(act, { who: 'placement', priority: 'shrink', expiresMs: Infinity });
      const [decision] = admit(this.view(), [stop]);
      if (decision?.verdict.kind === 'admitted') this.instances.delete(one.slot);
    }
  }

  /** One look; what is proposed. */
  look(more: Partial<ServiceView> = {}): readonly Intent[] {
    const step = hashringStep(this.state, { view: this.view(more) });
    this.state = step.state;
    return step.intents;
  }

  /** One look, admission, and publishing of what was admitted. Returns verdicts. */
  pass(more: Partial<ServiceView> = {}): readonly string[] {
    const decisions = admit(this.view(more), this.look(more));
    for (const { intent, verdict } of decisions) {
      const { act } = intent;
      if (verdict.kind !== 'admitted' || act.kind !== 'publishRing') continue;
      const { generation, members, weights, overrides } = act;
      const acknowledged = this.ring?.acknowledged ?? 0;
      const published = { generation, members, weights, overrides };
      this.ring = { ...published, acknowledged, publishedMs: this.nowMs };
    }
    return decisions.map(({ verdict }) => verdict.kind);
  }

  /** Every router has heard of the last generation. */
  acknowledge(): void {
    if (this.ring !== null) this.ring = { ...this.ring, acknowledged: this.ring.generation };
  }

  /** Ordinals in the ring, ascending, each once. */
  shards(): readonly number[] {
    const ordinals = (this.ring?.members ?? []).map((slot) => Number(slot.split('/').at(-1)));
    return [...new Set(ordinals)].toSorted((a, b) => a - b);
  }
}
