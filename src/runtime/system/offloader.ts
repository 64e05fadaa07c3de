/** Tasks for computing: a pool of threads that is made when the first task comes. */
import { runtimeError } from '../errors.ts';
import type { OffloadPool } from '../threads/piscina-threads.ts';

/** Thread rule: the main thread. */
export class Offloader {
  private pool: Promise<OffloadPool> | null = null;
  private isClosed = false;

  /** @throws (rejects) what the function throws; RM_OFFLOAD, RM_SYSTEM_CLOSED */
  async run(url: string, name: string, argument: unknown): Promise<unknown> {
    if (this.isClosed) throw runtimeError('RM_SYSTEM_CLOSED', 'the system is closed; no offload.');
    this.pool ??= load();
    return await (await this.pool).run(url, name, argument);
  }

  async close(): Promise<void> {
    this.isClosed = true;
    const pool = await this.pool;
    await pool?.close();
  }
}

async function load(): Promise<OffloadPool> {
  const module = await import('../threads/piscina-threads.ts').catch((error: unknown) => {
    const message =
      'the package piscina cannot be loaded; install it beside the bundle, or keep it external.';
    throw runtimeError('RM_OFFLOAD', message, {}, error);
  });
  return new module.OffloadPool();
}
