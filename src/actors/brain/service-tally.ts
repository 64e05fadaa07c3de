/**
 * What the passes over one service came to, counted since this brain tends it: for those who watch, not
 * for those who decide. Nothing of it is stored, and nothing in it names an instance. Fed by the arbiter.
 */

import type { Observation } from '../arbiter/observations.ts';
import { endOf } from '../arbiter/operation-end.ts';
import type { ServiceRecord } from '../arbiter/records.ts';
import { BucketCounts, type BucketFigures } from '../arithmetic/bucket-counts.ts';
import type { LoopOutcome } from './service-loop.ts';

/** Words, and how often each was there. */
export type Counted = readonly {
  /** A verdict and its rule, an operation's kind and its end; another thing has the first alone. */
  readonly words: readonly string[];
  readonly count: number;
}[];

/** So far. */
export type ServiceTallyFigures = {
  readonly service: string;
  /** By what became of them: `done`, `away`, `overtaken`. */
  readonly passes: Counted;
  /** Seconds of those that are done, with all that they waited for. */
  readonly seconds: BucketFigures;
  /** By verdict and rule, in each pass anew; what is admitted has the rule `none`. */
  readonly verdicts: Counted;
  /** By invariant. */
  readonly violations: Counted;
  /** Operations whose end was seen, by kind and by what came of them. */
  readonly over: Counted;
  /** Probes that were not answered well, by probe. */
  readonly probesFailed: Counted;
};

/** Seconds. Passes of a small service take some milliseconds, and a period is a second. */
const PASS_BOUNDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5] as const;

/** Thread rule: the arbiter's. One for each service. */
export class ServiceTally {
  private readonly service: string;
  private readonly passes: Words = new Words();
  private readonly seconds: BucketCounts = new BucketCounts(PASS_BOUNDS);
  private readonly verdicts: Words = new Words();
  private readonly violations: Words = new Words();
  private readonly over: Words = new Words();
  private readonly probesFailed: Words = new Words();

  constructor(service: string) {
    this.service = service;
  }

  /** A pass. `before`: the records that it began with; `tookMs`: milliseconds. */
  passed(before: ServiceRecord, outcome: LoopOutcome, tookMs: number): void {
    this.passes.add([outcome.kind]);
    if (outcome.kind !== 'done') return;
    this.seconds.note(tookMs / 1000);
    for (const { verdict } of outcome.result.decisions) {
      this.verdicts.add([verdict.kind, verdict.kind === 'admitted' ? 'none' : verdict.rule]);
    }
    for (const { invariant } of outcome.violations) this.violations.add([invariant]);
    const { operations } = outcome.result.record;
    if (operations === before.operations) return;
    for (const [key, operation] of before.operations) {
      if (operations.has(key)) continue;
      this.over.add([operation.kind, endOf(operation, before, outcome.result.record)]);
    }
  }

  /** Of what was observed, the probes. */
  observed(list: readonly Observation[]): void {
    for (const one of list) {
      if (one.kind === 'probe' && !one.isWell) this.probesFailed.add([one.probe]);
    }
  }

  figures(): ServiceTallyFigures {
    return {
      service: this.service,
      passes: this.passes.counted(),
      seconds: this.seconds.figures(),
      verdicts: this.verdicts.counted(),
      violations: this.violations.counted(),
      over: this.over.counted(),
      probesFailed: this.probesFailed.counted(),
    };
  }
}

/** Of words of ours only: there are never many. */
class Words {
  private readonly counts: Map<string, { readonly words: readonly string[]; count: number }> =
    new Map();

  add(words: readonly string[]): void {
    const key = words.join('\n');
    const known = this.counts.get(key);
    if (known === undefined) this.counts.set(key, { words, count: 1 });
    else known.count += 1;
  }

  counted(): Counted {
    return [...this.counts.values()].map(({ words, count }) => ({ words, count }));
  }
}
