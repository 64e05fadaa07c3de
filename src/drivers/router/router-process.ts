/** A router host as a child of the agent: its name there, how it is started, whether it runs. */
import { fileURLToPath } from 'node:url';
import {
  type AgentClient,
  type ChildReport,
  type ChildSpec,
  connectAgent,
} from '../../agent/index.ts';

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

/** How it is started. */
export function routerSpec({ name, directory, zone, host }: RouterPlace): ChildSpec {
  const more = [
    ...(zone === undefined ? [] : ['--zone', zone]),
    ...(host === undefined ? [] : ['--host', host]),
  ];
  const args = [MAIN, '--directory', directory, '--name', name, ...more];
  return { command: process.execPath, args, labels: { router: name } };
}

/** What the agent knows of it; null: nothing. Rejects as the client does. */
export async function reportOf(client: AgentClient, name: string): Promise<ChildReport | null> {
  const reports = await client.list();
  return reports.find(({ id }) => id === routerChild(name)) ?? null;
}

/** Whether an agent has ever been asked for it. @throws (rejects) RM_AGENT_GONE */
export async function isRouterKnown(socket: string, name: string): Promise<boolean> {
  const client = await connectAgent({ socket });
  try {
    return (await reportOf(client, name)) !== null;
  } finally {
    client.close();
  }
}
