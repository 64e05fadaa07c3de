/** A world whose every pass is checked against the invariants. */
import { InvariantMonitor, type ServiceInput, type Violation } from 'ringmaster/control-plane';
import { expect } from 'vitest';
import { FleetWorld, type WorldOptions } from './fleet-world.ts';

export class Watched extends FleetWorld {
  readonly violations: (Violation & { readonly atMs: number })[] = [];
  readonly monitor: InvariantMonitor = new InvariantMonitor();

  constructor(service: ServiceInput, options: WorldOptions = {}) {
    super(service, options);
    this.onPass = (before, pass) => {
      const { view, record: after, decisions, effects } = pass;
      const found = this.monitor.check({ view, before, after, decisions, effects });
      for (const one of found) this.violations.push({ ...one, atMs: this.nowMs });
    };
  }

  /** Nothing was violated. */
  expectSound(): void {
    expect(this.violations.slice(0, 5)).toEqual([]);
  }
}
