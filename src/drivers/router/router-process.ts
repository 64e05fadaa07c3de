/** A router host as a child of the agent: its name there, how it is started, whether it runs. */
import { fileURLToPath } from 'node:url';
import {
  type AgentClient,
  type ChildReport,
  type ChildSpec,
  connectAgent,
} from '../../agent/index.ts';
import { HungRouter } from './hung-router.ts';

/** What is started. */
export type RouterPlace = {
  readonly name: string;
  /** Its own; its socket's path has to fit into 107 bytes. */
  readonly directory: string;
  readonly zone?: string;
  /** Where it listens. Default: only on this machine. */
  readonly host?: string;
};

/** Beside this file, in the sources and when it was built. */
const MAIN: string = fileURLToPath(
  new URL(`./router-main${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url),
);

/** The name of a router at the agent. */
export function routerChild(name: string): string {
  return `router-${name}`;
}

/**
 * Before a router is started again that has ended within QUICK_MS of its start; doubles. Longer: back later.
 * Shorter: one that cannot live is started all the time. Milliseconds.
 */
const START_AGAIN_MS = 500;
const START_AGAIN_MS_MAX = 30_000;
const QUICK_MS = 10_000;

/** Whom to tell. */
export type RouterProcessEars = {
  /** The agent has seen its end. May be said again. */
  readonly gone: () => Promise<void>;
  readonly trouble: (what: string) => void;
};

/** One router of an agent. Thread rule: one thread. */
export class RouterProcess {
  private readonly agent: AgentClient;
  private readonly place: RouterPlace;
  private readonly ears: RouterProcessEars;
  private startedMs = Number.NEGATIVE_INFINITY;
  private delayMs = 0;
  private notBeforeMs = 0;
  private readonly hung: HungRouter = new HungRouter();
  /** Of the one whose end was seen last. */
  private endedPid: number | null = null;

  constructor(agent: AgentClient, place: RouterPlace, ears: RouterProcessEars) {
    this.agent = agent;
    this.place = place;
    this.ears = ears;
  }

  /**
   * Starts it when it does not run, ends it when it hangs. Never rejects. @returns whether a later brain
   * leads
   */
  async keep(epoch: number, nowMs: number): Promise<boolean> {
    const child = routerChild(this.place.name);
    try {
      const report = (await this.agent.list()).find(({ id }) => id === child);
      if (report?.status === 'running') {
        if (this.hung.look()) await this.end(epoch, child);
        return false;
      }
      if (report !== undefined) {
        await this.ears.gone();
        if (!this.mayStartAgain(report, nowMs)) return false;
        await this.agent.forget(epoch, child);
      }
      this.startedMs = nowMs;
      await this.agent.start(epoch, child, specOf(this.place));
      return false;
    } catch (error) {
      // Else the agent is away, or it cannot be started now: the next look tries again.
      return (error as { readonly code?: unknown }).code === 'RM_AGENT_FENCED';
    }
  }

  /** It has said something. */
  heard(): void {
    this.hung.heard();
  }

  private async end(epoch: number, child: string): Promise<void> {
    this.ears.trouble('the router runs and says nothing; it is ended, another one starts');
    await this.agent.signal(epoch, child, 'SIGKILL');
  }

  /** One that cannot live is not started all the time. */
  private mayStartAgain({ pid, exit }: ChildReport, nowMs: number): boolean {
    if (pid !== this.endedPid) {
      this.endedPid = pid;
      const isQuick = nowMs - this.startedMs < QUICK_MS;
      const next = Math.max(START_AGAIN_MS, 2 * this.delayMs);
      this.delayMs = isQuick ? Math.min(next, START_AGAIN_MS_MAX) : 0;
      this.notBeforeMs = nowMs + this.delayMs;
      this.ears.trouble(`the router has ended: ${exit?.signal ?? `code ${exit?.code}`}`);
    }
    return nowMs >= this.notBeforeMs;
  }
}

function specOf({ name, directory, zone, host }: RouterPlace): ChildSpec {
  const more = [
    ...(zone === undefined ? [] : ['--zone', zone]),
    ...(host === undefined ? [] : ['--host', host]),
  ];
  const args = [MAIN, '--directory', directory, '--name', name, ...more];
  return { command: process.execPath, args, labels: { router: name } };
}

/** Whether an agent has ever been asked for it. @throws (rejects) RM_AGENT_GONE */
export async function isRouterKnown(socket: string, name: string): Promise<boolean> {
  const client = await connectAgent({ socket });
  try {
    return (await client.list()).some(({ id }) => id === routerChild(name));
  } finally {
    client.close();
  }
}
