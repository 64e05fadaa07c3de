/**
 * One service at this router: the table that is in use, and those that are not any more. A table is out
 * of use when every request that was given an instance by it has reached that instance or failed to;
 * then, and not before, the newest one is known.
 */
import { KeyOwners, type KeyPlace } from './key-owners.ts';
import { RetryBudget } from './retry-budget.ts';
import { RouteChoice } from './route-choice.ts';
import type { OtherRing, TableMessage } from './router-protocol.ts';
import { type Target, Targets } from './targets.ts';

/** A table in use: requests that were chosen by it and have not reached their instance count. */
export class TableUse {
  /** With all places that are known. */
  readonly message: TableMessage;
  readonly choice: RouteChoice<Target>;
  /** Built, and gone by when the brain says so. */
  readonly second: KeyOwners | null;
  private readonly owners: KeyOwners | null;
  private readonly quarantined: ReadonlySet<string>;
  private readonly settled: () => void;
  private pending = 0;
  private isOver = false;

  constructor(
    message: TableMessage,
    {
      choice,
      second,
      owners,
    }: Pick<TableUse, 'choice' | 'second'> & {
      readonly owners: KeyOwners | null;
    },
    settled: () => void,
  ) {
    this.owners = owners;
    this.quarantined = new Set(message.routes.quarantined);
    this.message = message;
    this.choice = choice;
    this.second = second;
    this.settled = settled;
  }

  /** Where a key belongs, if slices are counted. */
  place(key: string): KeyPlace | null {
    return this.message.config.countsSlices === true ? (this.owners?.place(key) ?? null) : null;
  }

  /** Nobody is to be asked for it. */
  isQuarantined(key: string | null): boolean {
    return key !== null && this.quarantined.has(key);
  }

  /** A request was given to an instance. @returns to be called once, when it is there or cannot be */
  begin(): () => void {
    this.pending += 1;
    let isDone = false;
    return () => {
      if (isDone) return;
      isDone = true;
      this.pending -= 1;
      if (this.isOver && this.pending === 0) this.settled();
    };
  }

  /** There is a newer one. @returns whether nobody uses it any more */
  end(): boolean {
    this.isOver = true;
    return this.pending === 0;
  }
}

/** Thread rule: one thread. */
export class RoutedService {
  readonly name: string;
  readonly targets: Targets;
  private readonly zone: string | null;
  private readonly former: Set<TableUse> = new Set();
  private current: TableUse;
  private retryBudget: RetryBudget;
  private waiting: (() => void)[] = [];
  private unused: (() => void)[] = [];

  /** @throws as `KeyOwners.of` for a ring of which no table can be made */
  constructor(message: TableMessage, zone: string | null, nowMs: number) {
    this.name = message.service;
    this.zone = zone;
    this.targets = new Targets(message.service);
    this.current = this.useOf(message);
    this.retryBudget = new RetryBudget(message.config.retries.budget, nowMs);
  }

  get use(): TableUse {
    return this.current;
  }

  get config(): TableMessage['config'] {
    return this.current.message.config;
  }

  get budget(): RetryBudget {
    return this.retryBudget;
  }

  /** From now on; @throws as the constructor, and the former table stays. */
  take(message: TableMessage, nowMs: number): void {
    const former = this.current;
    const { budget } = message.config.retries;
    if (budget !== this.config.retries.budget) this.retryBudget = new RetryBudget(budget, nowMs);
    this.current = this.useOf(message);
    if (!former.end()) this.former.add(former);
    const { waiting } = this;
    this.waiting = [];
    for (const wake of waiting) wake();
  }

  /** When nobody uses an earlier table. */
  alone(): Promise<void> {
    if (this.former.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.unused.push(resolve));
  }

  /** Calls once, when the table changes; @returns to stop waiting */
  onChange(wake: () => void): () => void {
    this.waiting.push(wake);
    return () => {
      this.waiting = this.waiting.filter((one) => one !== wake);
    };
  }

  /** It is routed no more; what is under way is finished. */
  end(nowMs: number): void {
    const { message } = this.current;
    const nobody = { ...message.routes, routes: [] };
    const { second, former, ...rest } = message;
    this.take({ ...rest, ring: null, routes: nobody }, nowMs);
  }

  private useOf(message: TableMessage): TableUse {
    const { config, ring, routes } = message;
    const lines = this.targets.placed(routes.routes);
    const owners = KeyOwners.of(config, ring);
    const second = otherOf(config, message.second);
    const choice = new RouteChoice({
      kind: config.kind,
      candidates: this.targets.take(lines),
      weights: routes.weights,
      owners,
      former: otherOf(config, message.former),
      zone: this.zone,
    });
    const placed = { ...message, routes: { ...routes, routes: lines } };
    const use: TableUse = new TableUse(placed, { choice, second, owners }, () => {
      this.former.delete(use);
      if (this.former.size > 0) return;
      const { unused } = this;
      this.unused = [];
      for (const tell of unused) tell();
    });
    return use;
  }
}

/** @throws as `KeyOwners.of`: what cannot be built is not held ready */
function otherOf(config: TableMessage['config'], other: OtherRing | undefined): KeyOwners | null {
  if (other === undefined) return null;
  const { layout, ring } = other;
  const { algorithm, sections, replicas } = layout;
  return KeyOwners.of({ ...config, ring: { algorithm, sections }, replicas }, ring);
}
