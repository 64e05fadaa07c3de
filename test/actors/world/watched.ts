/** A world whose every pass is checked against the invariants. */
import {
  InvariantMonitor,
  type ServiceInput,
  type Violation,
  type WholePass,
} from 'ringmaster/control-plane';
import { expect } from 'vitest';
import { FleetWorld, type WorldOptions } from './fleet-world.ts';

export class Watched extends FleetWorld {
  readonly violations: (Violation & { readonly atMs: number })[] = [];
  readonly monitor: InvariantMonitor = new InvariantMonitor();

  constructor(service: ServiceInput, options: WorldOptions = {}) {
    super(service, options);
    this.onPass = (before, pass) => {
      const { view, record: after, decisions, effects } = pass;
      const found = [...this.monitor.check({ view, before, after, decisions, effects })];
      found.push(...lateViolations(pass));
      for (const one of found) this.violations.push({ ...one, atMs: this.nowMs });
    };
  }

  /** Nothing was violated. */
  expectSound(): void {
    expect(this.violations.slice(0, 5)).toEqual([]);
  }
}

/** What is aborted is not started by itself, and nobody is stopped whom a router may still ask. */
function lateViolations({ view, decisions }: WholePass): readonly Violation[] {
  const blocked = new Set(view.revisions.filter((one) => one.isBlocked).map(({ id }) => id));
  const { ring, spec } = view;
  // Of a service that is removed nothing has to serve: routes are waited for, its ring is not.
  const hasRing = spec.kind === 'sharded' && ring !== null && view.isRemoved !== true;
  const isUnheard = hasRing && ring.acknowledged < ring.generation;
  return decisions.flatMap(({ intent: { act, who }, verdict }): readonly Violation[] => {
    if (verdict.kind !== 'admitted') return [];
    const isStart = act.kind === 'start' || act.kind === 'replace';
    if (isStart && who !== 'operator' && blocked.has(act.revision)) {
      return [
        { invariant: 'A9', what: `${act.revision} was aborted, and ${act.slot} is to have it` },
      ];
    }
    if (act.kind !== 'stop' || !isUnheard) return [];
    return [{ invariant: 'A4', what: `${act.instance} is stopped before all know the ring` }];
  });
}
