/**
 * B20, one pass of the brain: look, ask every controller, decide, derive effects; without the store and
 * without messages. One service of 1,000 or 10,000 instances, and a fleet of a hundred services of which
 * one has changed. Answers: whether the cost follows what changed. Does not answer: what a commit costs
 * (STORE), or probing. Checksum: decisions and effects.
 */
import {
  type Effect,
  fleet,
  isAsWanted,
  newService,
  type Observation,
  type PassSurroundings,
  revisionOf,
  runPass,
  type ServiceInput,
  type ServiceRecord,
} from 'ringmaster/control-plane';
import type { BenchContender, BenchRow } from './harness/row.ts';

const ZONES = ['a', 'b', 'c'];
const NAME = 'shop';

/** A service that runs, and the time that goes with it. */
class Running {
  record: ServiceRecord;
  nowMs = 0;
  sum = 0;

  constructor(service: ServiceInput) {
    const regions = [{ name: 'eu', zones: ZONES }];
    const spec = fleet({ name: 'bench', regions, services: { [NAME]: service } }).services[NAME];
    if (spec === undefined) throw new Error('the fleet has lost its service');
    this.record = newService(NAME, spec, revisionOf(spec, ''), 0);
    for (let i = 0; i < 60 && !this.isCalm(); i++) this.pass(this.seen());
    if (!this.isCalm()) throw new Error('the service has not come to run');
  }

  pass(observations: readonly Observation[], afterMs: number = 1000): readonly Effect[] {
    this.nowMs += afterMs;
    const around: PassSurroundings = {
      nowMs: this.nowMs,
      region: 'eu',
      zones: ZONES,
      maxStalenessMs: 15_000,
      isFrozen: false,
      reservations: null,
      metric: () => ({ kind: 'missing' }),
    };
    const result = runPass(this.record, { observations, intents: [], around });
    this.record = result.record;
    this.wanted = isAsWanted(result.view);
    this.sum += result.decisions.length + result.effects.length;
    return result.effects;
  }

  /** Everybody has been seen to run. */
  seen(): readonly Observation[] {
    return [...this.record.instances.keys()].map((instance) => ({
      kind: 'agent',
      instance,
      word: 'running',
    }));
  }

  /** So many end by themselves, are started again, and are seen. */
  lose(count: number, from: number): void {
    const ids = [...this.record.instances.keys()];
    const lost = Array.from({ length: count }, (_, i) => ids[(from + i) % ids.length] as string);
    this.pass(
      lost.map((instance) => ({ kind: 'failure', instance, signature: 'exit 1', key: null })),
    );
  }

  /** Those that were started serve for long enough to count. */
  recover(): void {
    for (let k = 0; k < 3; k++) this.pass(this.seen(), 5000);
  }

  private wanted = false;

  private isCalm(): boolean {
    return this.wanted && this.record.operations.size === 0;
  }
}

const sharded = (shards: number): ServiceInput => ({ kind: 'sharded', command: ['x'], shards });

/** A pass over one service in which so many instances have failed, or none. */
function one(instances: number, failed: number): BenchContender {
  return {
    prepare: ({ quick }) => {
      const running = new Running(sharded(Math.ceil((quick ? instances / 10 : instances) / 3)));
      const calls = quick ? 20 : instances > 1000 ? 5 : 100;
      let costs: number[] = [];
      return {
        opsPerCall: calls,
        call: () => {
          costs = [];
          running.sum = 0;
          for (let i = 0; i < calls; i++) {
            const startMs = performance.now();
            if (failed === 0) running.pass([]);
            else running.lose(failed, failed * i);
            costs.push((performance.now() - startMs) * 1e6);
            // Back to where it was, outside of what is measured.
            if (failed > 0) running.recover();
          }
          return running.sum;
        },
        cases: () => costs,
      };
    },
  };
}

/** A hundred services, each of a hundredth of the instances; one of them has something to do. */
function fleetOf(instances: number): BenchContender {
  return {
    prepare: ({ quick }) => {
      const size = Math.max(3, Math.round((quick ? instances / 10 : instances) / 100));
      const services = Array.from({ length: 100 }, () => new Running(sharded(Math.ceil(size / 3))));
      const calls = quick ? 20 : 100;
      let costs: number[] = [];
      return {
        opsPerCall: calls,
        call: () => {
          costs = [];
          let sum = 0;
          for (let i = 0; i < calls; i++) {
            const changed = services[i % services.length] as Running;
            const startMs = performance.now();
            // Those that are calm, and whose controllers want nothing before, are not looked at.
            changed.lose(1, i);
            costs.push((performance.now() - startMs) * 1e6);
            changed.recover();
            sum += changed.sum;
          }
          return sum;
        },
        cases: () => costs,
      };
    },
  };
}

const row = (
  name: string,
  ours: BenchContender,
  peers: BenchRow['peers'],
  target: BenchRow['target'],
): BenchRow => ({ id: 'B20', name, unit: 'ms/op', ours, peers, target });

export const rows: readonly BenchRow[] = [
  row('1,000 instances, nothing changed', one(1000, 0), {}, { p99AtMost: 10 }),
  row('1,000 instances, 10 failed', one(1000, 10), {}, { p99AtMost: 10 }),
  row('10,000 instances, nothing changed', one(10_000, 0), {}, {}),
  row('10,000 instances, 10 failed', one(10_000, 10), {}, {}),
  row(
    '10,000 instances in 100 services, one of them failed',
    fleetOf(10_000),
    { 'all in one service': one(10_000, 1) },
    { p99AtMost: 10, ratioAtLeast: { 'all in one service': 20 } },
  ),
];
