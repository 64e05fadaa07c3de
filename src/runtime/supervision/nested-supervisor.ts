/**
 * A supervisor as the child of another. Made anew, around the same supervisor, whenever the one
 * above is restarted: what the machine knows about a child that is gone is of no use any more. When
 * it is restarted, its permanent and transient children are spawned again from their specs: new
 * actors under the old paths.
 */
import type { Exit } from '../cell/child-list.ts';
import { SHUTDOWN } from '../cell/child-list.ts';
import type { Clock } from '../ports/clock.ts';
import type { SupervisorMachine } from './supervisor.machine.ts';
import { SupervisorChild } from './supervisor-child.ts';
import type { RestartType } from './supervisor-options.ts';

/** What it needs of the supervisor that it stands for. */
export interface Reopened {
  readonly path: string;
  /** Whether it has ended, and can be opened again. */
  readonly hasEnded: boolean;
  /** The same specs, new actors. @throws RM_ID_TAKEN when somebody else has its name by now */
  reopen(): void;
  end(exit: Exit, done: () => void): void;
}

/** Thread rule: the thread of both supervisors. */
export class NestedSupervisor extends SupervisorChild {
  private readonly inner: Reopened;
  private readonly machine: SupervisorMachine<SupervisorChild>;
  private readonly clock: Clock;

  /** @param machine the one that decides about it */
  constructor(
    inner: Reopened,
    machine: SupervisorMachine<SupervisorChild>,
    { clock }: { readonly clock: Clock },
    restart: RestartType,
  ) {
    super(inner.path, restart);
    this.inner = inner;
    this.machine = machine;
    this.clock = clock;
  }

  override get ref(): null {
    return null;
  }

  override begin(): void {
    const { incarnation } = this;
    try {
      if (this.inner.hasEnded) this.inner.reopen();
    } catch (error) {
      this.lastExit = { reason: 'crash', error };
      this.machine.startFailed(this, incarnation, this.clock.monotonicMs());
      return;
    }
    // Ignored, if the children failed at once and it gave up in there.
    this.machine.started(this, incarnation);
    if (this.status !== 'running') return;
    const { firstStart } = this;
    this.firstStart = null;
    firstStart?.resolve(null);
  }

  override halt(): void {
    this.inner.end(SHUTDOWN, () => undefined);
  }

  override abandon(): void {
    // It is open already while it waits for its first turn in a group that is being restarted.
    this.inner.end(SHUTDOWN, () => undefined);
  }

  /** The supervisor has ended. */
  innerEnded(exit: Exit): void {
    this.lastExit = exit;
    this.machine.exited(this, this.incarnation, exit.reason, this.clock.monotonicMs());
  }
}
