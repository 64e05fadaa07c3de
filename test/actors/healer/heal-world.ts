/**
 * A small world for the healer: instances that fall ill, end and recover when the test says so, metrics
 * that say what it wants, and an arbiter that admits everything, which is the worst that can happen to a
 * budget, or loses what it is told to lose.
 */
import {
  type FailureView,
  HEALER_START,
  type HealerState,
  healerStep,
  type InstanceView,
  type Intent,
  type MetricQuery,
  type MetricReading,
  type RevisionView,
  type ServiceInput,
  type ServiceView,
  type SlotView,
} from 'ringmaster/control-plane';
import { instanceView, NOW_MS, serviceView, slotView } from '../service-view.ts';

const ZONES = ['a', 'b', 'c'];
/** What callers see of one instance, by metric. */
export type Readings = Readonly<Record<string, number | 'missing' | 'stale'>>;

/** Thread rule: none. */
export class HealWorld {
  nowMs: number = NOW_MS;
  state: HealerState = HEALER_START;
  slots: SlotView[];
  instances: InstanceView[];
  failures: FailureView[] = [];
  zombies: string[] = [];
  quarantinedKeys: string[] = [];
  revisions: RevisionView[] = [{ id: 'r1', version: 'v1', isBlocked: false, stableMs: 0 }];
  readonly readings: Map<string, Readings> = new Map();
  /** Instances that nobody sees any more. */
  readonly unseen: Set<string> = new Set();
  /** Every replacement that was admitted: which slot, and when. */
  readonly replaced: { readonly slot: string; readonly atMs: number }[] = [];
  private readonly service: ServiceInput;
  private incarnation = 1;

  constructor(count: number, heal: object = {}) {
    this.service = { kind: 'stateless', command: ['x'], instances: count, heal };
    const places = Array.from({ length: count }, (_, ordinal) => ordinal);
    this.instances = places.map((ordinal) =>
      instanceView({ zone: ZONES[ordinal % 3] as string, ordinal }),
    );
    this.slots = this.instances.map(slotView);
  }

  view(more: Partial<ServiceView> = {}): ServiceView {
    const { nowMs, slots, failures, zombies, quarantinedKeys, revisions } = this;
    const instances = this.instances.map((one) => ({
      ...one,
      seenMs: this.unseen.has(one.id) ? NOW_MS - 60_000 : nowMs,
    }));
    const goal = { number: 1, demand: slots.length, stable: 'r1', target: 'r1', shares: [] };
    const seen = { instances, slots, failures, zombies, quarantinedKeys, revisions, goal };
    return serviceView(this.service, { nowMs, ...seen, metric: this.metric, ...more });
  }

  readonly metric = ({ name, scope }: MetricQuery): MetricReading => {
    const reading = this.readings.get(scope.instance ?? '')?.[name] ?? 'missing';
    if (reading === 'missing') return { kind: 'missing' };
    if (reading === 'stale') return { kind: 'stale', ageMs: 60_000 };
    return { kind: 'value', value: reading, samples: 1000, ageMs: 1000 };
  };

  /** Everybody's callers see the same. */
  everybodyReads(readings: Readings): void {
    for (const { id } of this.instances) this.readings.set(id, readings);
  }

  at(ordinal: number): InstanceView {
    const [one] = this.instances
      .filter((each) => each.ordinal === ordinal && !each.isGoing)
      .toReversed();
    if (one === undefined) throw new Error(`nobody stays in slot ${ordinal}`);
    return one;
  }

  change(ordinal: number, more: Partial<InstanceView>): void {
    const { id } = this.at(ordinal);
    const turned = more.state === undefined ? {} : { sinceMs: this.nowMs };
    const readySinceMs = more.state === 'ready' ? this.nowMs : null;
    const ready = more.state === undefined ? {} : { readySinceMs };
    this.instances = this.instances.map((one) =>
      one.id === id ? { ...one, ...turned, ...ready, ...more } : one,
    );
  }

  /** It ends by itself; its slot is empty until it is started. */
  end(ordinal: number, signature: string, key: string | null = null): void {
    const { id, slot, zone, revision } = this.at(ordinal);
    this.instances = this.instances.filter((one) => one.id !== id);
    this.setSlot(slot, ({ ends }) => ({ ends: ends + 1 }));
    const failure = { instance: id, slot, zone, revision, atMs: this.nowMs, signature, key };
    this.failures = [...this.failures, failure].slice(-100);
  }

  /** Placement: what is not there is started, and serves at once. */
  restart(): void {
    for (const slot of this.slots) {
      if (this.instances.some((one) => one.slot === slot.id && !one.isGoing)) continue;
      this.start(slot, 'ready');
    }
  }

  /** Whoever replaces somebody serves, and the old one is gone. */
  finishReplacements(): void {
    for (const slot of this.slots.filter(({ isReplacing }) => isReplacing)) {
      const next = this.instances.find((one) => one.slot === slot.id && !one.isGoing);
      if (next === undefined) continue;
      this.instances = this.instances.filter((one) => one.slot !== slot.id || one.id === next.id);
      this.change(slot.ordinal, { state: 'ready' });
      this.setSlot(slot.id, () => ({ isReplacing: false }));
    }
  }

  look(more: Partial<ServiceView> = {}): readonly Intent[] {
    const step = healerStep(this.state, { view: this.view(more) });
    this.state = step.state;
    return step.intents;
  }

  /** One look; what is proposed is done, but for what is lost. */
  pass(isLost: (intent: Intent) => boolean = () => false): readonly Intent[] {
    const intents = this.look();
    for (const intent of intents) if (!isLost(intent)) this.apply(intent);
    return intents;
  }

  private apply({ act }: Intent): void {
    if (act.kind === 'replace') {
      this.set(act.instance, { isGoing: true });
      this.setSlot(act.slot, () => ({ isReplacing: true }));
      const slot = this.slots.find(({ id }) => id === act.slot);
      if (slot !== undefined) this.start(slot, 'starting');
      this.replaced.push({ slot: act.slot, atMs: this.nowMs });
    }
    if (act.kind === 'eject') this.set(act.instance, { isEjected: true });
    if (act.kind === 'readmit') this.set(act.instance, { isEjected: false });
    if (act.kind === 'quarantineKey') this.quarantinedKeys = [...this.quarantinedKeys, act.key];
    if (act.kind === 'releaseKey') {
      this.quarantinedKeys = this.quarantinedKeys.filter((key) => key !== act.key);
    }
    if (act.kind === 'blockRevision') {
      this.revisions = this.revisions.map((one) =>
        one.id === act.revision ? { ...one, isBlocked: true } : one,
      );
    }
    if (act.kind === 'fence') this.zombies = this.zombies.filter((id) => id !== act.instance);
  }

  private start({ id: slot, zone, ordinal, revision }: SlotView, state: 'starting' | 'ready') {
    this.incarnation++;
    const times = { sinceMs: this.nowMs, createdMs: this.nowMs + this.incarnation };
    const readySinceMs = state === 'ready' ? this.nowMs : null;
    const more = { id: `${slot}#${this.incarnation}`, revision, state, readySinceMs, ...times };
    this.instances = [...this.instances, instanceView({ zone, ordinal }, more)];
  }

  private set(id: string, more: Partial<InstanceView>): void {
    this.instances = this.instances.map((one) => (one.id === id ? { ...one, ...more } : one));
  }

  private setSlot(id: string, more: (slot: SlotView) => Partial<SlotView>): void {
    this.slots = this.slots.map((one) => (one.id === id ? { ...one, ...more(one) } : one));
  }
}
