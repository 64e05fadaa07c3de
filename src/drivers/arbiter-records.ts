/**
 * The arbiter as the drivers see it: whom observations are told, and whose records say what is wanted.
 * Before it is attached nothing is told, and nothing is known.
 */
import type { Observation, SaidLoads, ServiceRecord, ServiceStatus } from '../actors/index.ts';
import type { AnyRef, Context } from '../runtime/index.ts';

/** Thread rule: that of the actor whose context it has. */
export class ArbiterRecords {
  private readonly ctx: Context;
  private arbiter: AnyRef | null = null;

  constructor(ctx: Context) {
    this.ctx = ctx;
    // Whoever crashes knows whom it worked for.
    if (ctx.restored !== undefined) this.arbiter = ctx.restored as AnyRef | null;
    ctx.snapshot(() => this.arbiter);
  }

  /** From now on. */
  attach(arbiter: AnyRef): void {
    this.arbiter = arbiter;
  }

  /** Tells what was seen. */
  say(service: string, list: readonly Observation[]): void {
    if (this.arbiter !== null) this.ctx.tell(this.arbiter, 'observe', { service, list });
  }

  /** Tells how much is asked for, by slice of the keys. */
  sayLoads(loads: SaidLoads): void {
    if (this.arbiter !== null) this.ctx.tell(this.arbiter, 'loads', loads);
  }

  /** Names of those that it tends; empty while nobody knows. */
  async services(): Promise<readonly string[]> {
    const { arbiter } = this;
    if (arbiter === null) return [];
    return (await this.ctx.ask(arbiter, 'services').catch(() => [])) as readonly string[];
  }

  /** Null: there is no such service. Undefined: nobody knows now. */
  async of(service: string): Promise<ServiceRecord | null | undefined> {
    const { arbiter } = this;
    if (arbiter === null) return undefined;
    try {
      const status = (await this.ctx.ask(arbiter, 'status', service)) as ServiceStatus | null;
      // Before its first pass a brain knows what was wanted, and not who serves.
      return status?.hasPassed === false ? undefined : (status?.record ?? null);
    } catch {
      return undefined;
    }
  }
}
