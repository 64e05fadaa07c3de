/**
 * The demo's view of its fleet: asks the host, waits until something is so, and remembers what was seen on
 * the way. A host that is being replaced is waited for.
 */
import { join } from 'node:path';
import { type ChildReport, connectAgent } from '../../agent/index.ts';
import type { DecisionShown, FleetListed, ServiceDetail } from '../../drivers/client.ts';
import { CommandError, EXIT, isUnreachable } from '../exit-codes.ts';
import { withHost } from '../host-door.ts';
import { elapsedMs, SignsOfWaiting, until } from '../watching.ts';

/** Between two looks, in milliseconds. */
const LOOK_MS = 100;

/** All services by name. */
export type Seen = Readonly<Record<string, ServiceDetail>>;

/** Of one directory. */
export class FleetWatch {
  private readonly directory: string;
  private readonly say: (text: string) => void;

  /** `say`: where signs that it still waits go. */
  constructor(directory: string, say: (text: string) => void) {
    this.directory = directory;
    this.say = say;
  }

  /** One question. @throws CommandError */
  ask<T>(method: string, params: Readonly<Record<string, unknown>> = {}): Promise<T> {
    return withHost({ directory: this.directory }, (host) => host.ask<T>(method, params));
  }

  /** Everything, as it is now. */
  async look(): Promise<Seen> {
    return await withHost({ directory: this.directory }, async (host) => {
      const { services } = await host.ask<FleetListed>('Fleet.list');
      const all = services.map(async ({ service }) => {
        return [service, await host.ask<ServiceDetail>('Service.get', { service })] as const;
      });
      return Object.fromEntries(await Promise.all(all));
    });
  }

  /**
   * Looks until `isSo`, and says now and then what it sees. @returns milliseconds that it took
   * @throws CommandError when it takes longer than `withinMs`, with what was last seen
   */
  async until(
    what: string,
    withinMs: number,
    isSo: (seen: Seen) => boolean | Promise<boolean>,
  ): Promise<number> {
    const begun = elapsedMs();
    let last = 'the host does not answer';
    const signs = new SignsOfWaiting((text) => this.say(`          ${text}`));
    const found = await until(LOOK_MS, withinMs, async () => {
      const seen = await this.look().catch(gone);
      if (seen !== null) {
        last = linesOf(seen);
        if (await isSo(seen)) return true;
      }
      signs.show(last);
      return null;
    });
    if (found === true) return elapsedMs() - begun;
    const seconds = Math.round(withinMs / 1000);
    throw new CommandError(EXIT.failed, `${what}: not after ${seconds} s; last seen: ${last}`);
  }

  /** What was admitted, newest last. */
  async decisions(service: string): Promise<readonly DecisionShown[]> {
    const params = { service, kind: 'admitted', last: 200 };
    const told = await this.ask<{ readonly decisions: readonly DecisionShown[] }>(
      'Decisions.list',
      params,
    );
    return told.decisions;
  }

  /** The process of an instance. */
  async processOf(instance: string): Promise<ChildReport | undefined> {
    const agent = await connectAgent({ socket: join(this.directory, 'agent', 'agent.sock') });
    try {
      return (await agent.list()).find(({ labels }) => labels.instance === instance);
    } finally {
      agent.close();
    }
  }
}

/** Whether all are as wanted, and nothing is under way. */
export function areHealthy(seen: Seen): boolean {
  const all = Object.values(seen);
  return all.length > 0 && all.every(({ summary }) => summary.state === 'healthy');
}

function linesOf(seen: Seen): string {
  return Object.values(seen)
    .map(({ summary: { service, state, version, target, ready, wanted, weight, message } }) => {
      const what = target === null ? version : `${version} → ${target}`;
      const share = weight > 0 ? `, ${weight} %` : '';
      return `${service} ${state}, ${what}${share}, ${ready} of ${wanted} ready: ${message}`;
    })
    .join(' | ');
}

/** It is being started again: the next look may find it. */
function gone(error: unknown): null {
  if (isUnreachable(error)) return null;
  throw error;
}
