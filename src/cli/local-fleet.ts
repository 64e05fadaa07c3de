/**
 * The processes of a fleet on this machine, from outside: starts the agent and the host under it, waits
 * until the host answers, starts a host that stands by, and ends all of them with all instances. For the
 * verbs that begin and end fleets.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  type ChildReport,
  connectAgent,
  endGroup,
  isThere,
  lastChildren,
  noteDismissed,
  SOCKET_VARIABLE,
  signalGroup,
} from '../agent/index.ts';
import { connectHost } from '../drivers/client.ts';
import { CommandError, EXIT } from './exit-codes.ts';
import { elapsedMs, until } from './watching.ts';

const AGENT = fileURLToPath(new URL('../agent/main.js', import.meta.url));
const HOST = fileURLToPath(new URL('../host/host-main.js', import.meta.url));
/** Between two looks, and how long a host may take until it leads and answers; milliseconds. */
const LOOK_MS = 50;
const UP_MS = 60_000;
/** From SIGTERM to SIGKILL, for who has no grace of its own. */
const GRACE_MS = 30_000;

/** How it is started. */
export type LocalFleetOptions = {
  readonly region?: string;
  /** Ports of 127.0.0.1, by the host's names for them: where it listens besides its socket. */
  readonly ports?: Readonly<Record<string, string>>;
  /** File that says how remote write is taken in; absolute. */
  readonly ingestConfig?: string;
  /** File that says how it is inspected; absolute. */
  readonly inspectConfig?: string;
  /** It outlives this process and its terminal, and says nothing to it. */
  readonly isDetached: boolean;
};

/** @throws (rejects) CommandError when a host answers there already, or a port is somebody else's */
export async function startLocalFleet(
  directory: string,
  options: LocalFleetOptions,
): Promise<ChildProcess> {
  mkdirSync(directory, { recursive: true });
  if (await answers(directory)) {
    const message = `a host runs in ${directory} already; use it, or \`ringmaster down\`.`;
    throw new CommandError(EXIT.conflict, message);
  }
  for (const [name, port] of Object.entries(options.ports ?? {})) await mustBeFree(name, port);
  return startAgent(directory, options);
}

/** A host would only find out when it runs. @throws CommandError */
async function mustBeFree(name: string, port: string): Promise<void> {
  const server = createServer().listen(Number(port), '127.0.0.1');
  try {
    await once(server, 'listening');
  } catch (error) {
    const message = `--${name} is ${port}: ${(error as Error).message}; choose a port that is free.`;
    throw new CommandError(EXIT.conflict, message);
  } finally {
    server.close();
  }
}

/** @throws (rejects) CommandError when it ends, or takes too long, before it leads; or another one does */
export async function untilUp(agent: ChildProcess, directory: string): Promise<void> {
  let hasEnded = agent.exitCode !== null;
  agent.once('exit', () => {
    hasEnded = true;
  });
  const isUp = await until(LOOK_MS, UP_MS, async () =>
    hasEnded ? false : (await answers(directory)) ? true : null,
  );
  const holder = await agentOf(directory);
  if (holder !== null && holder !== agent.pid) {
    const message =
      `${directory} is another host's, whose agent has the pid ${holder}: it was started at the same ` +
      'time; use it, or end it with `ringmaster down`.';
    throw new CommandError(EXIT.conflict, message);
  }
  if (isUp === true) return;
  const logs = ['agent/brain.log', 'agent.log'].map((name) => join(directory, name));
  const said = await lastWord(logs[0] ?? '');
  const why = said === null ? '' : `: ${said}`;
  throw new CommandError(EXIT.failed, `the host has not come up${why}; see ${logs.join(' and ')}.`);
}

/** What a host has said last before it ended. */
async function lastWord(log: string): Promise<string | null> {
  const text = await readFile(log, 'utf8').catch(() => '');
  return [...text.matchAll(/^ringmaster: (?:Error: )?(.*?)\.?$/gm)].at(-1)?.[1] ?? null;
}

/**
 * Ends host, agent and all instances, each within its own grace, with what they have started.
 * @returns how many processes there were beside the agent and the host
 * @throws CommandError when there is nothing
 */
export async function endLocalFleet(directory: string): Promise<number> {
  const pid = await agentOf(directory);
  if (pid !== null) {
    // Who leads starts again whatever ends: so it goes first, and then nobody starts anything.
    process.kill(pid, 'SIGTERM');
    await until(LOOK_MS, GRACE_MS, async () => (existsSync(`/proc/${pid}`) ? null : true));
  }
  const children = lastChildren(join(directory, 'agent'));
  // The next agent is to know that they have not failed.
  const ids = children.map(({ id }) => id);
  if (pid === null && children.length === 0) {
    throw new CommandError(EXIT.unreachable, `nothing runs in ${directory}; nothing is ended.`);
  }
  // With all that each has started in its group.
  for (const { pid: one } of children) signalGroup(one as number, 'SIGTERM');
  const begun = elapsedMs();
  let left = children;
  await until(LOOK_MS, Math.max(...children.map(graceOf), 0), async () => {
    for (const one of left.filter(isThere)) {
      if (elapsedMs() - begun >= graceOf(one)) signalGroup(one.pid as number, 'SIGKILL');
    }
    // What a leader has left behind in its group was told to end, too.
    for (const one of left.filter((each) => !isThere(each))) endGroup(one.pid as number);
    left = left.filter(isThere);
    return left.length === 0 ? true : null;
  });
  for (const { pid: one } of left.filter(isThere)) signalGroup(one as number, 'SIGKILL');
  noteDismissed(join(directory, 'agent'), ids);
  return children.length;
}

/** The agent's pid. Null: there is none; it may have left children behind. */
export async function agentOf(directory: string): Promise<number | null> {
  try {
    const agent = await connectAgent({ socket: join(directory, 'agent', 'agent.sock') });
    const { pid } = await agent.status();
    agent.close();
    return pid;
  } catch {
    return null;
  }
}

function startAgent(directory: string, options: LocalFleetOptions): ChildProcess {
  const { isDetached } = options;
  const args = [AGENT, '--directory', join(directory, 'agent'), '--', process.execPath, HOST];
  args.push(...hostArgs(directory, options));
  const log = openSync(join(directory, 'agent.log'), 'a', 0o600);
  // In the foreground a terminal's interrupt is ours to pass on: a group of its own in any case.
  return spawn(process.execPath, args, {
    detached: true,
    stdio: ['ignore', log, isDetached ? log : 'inherit'],
  });
}

/**
 * A second brain, which leads when the first one is gone. `hears` is told when it could, and when it does.
 * @returns its exit code @throws (rejects) CommandError when there is nothing to stand by
 */
export async function standBy(
  directory: string,
  options: Omit<LocalFleetOptions, 'isDetached'>,
  hears: (word: 'campaigns' | 'leads') => void,
): Promise<number> {
  const agent = join(directory, 'agent', 'agent.sock');
  if ((await agentOf(directory)) === null) {
    const message = `no agent runs in ${directory}; start a fleet with \`ringmaster up\`, then stand by it.`;
    throw new CommandError(EXIT.unreachable, message);
  }
  const args = [HOST, ...hostArgs(directory, options)];
  const child = spawn(process.execPath, args, {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    env: { ...process.env, [SOCKET_VARIABLE]: agent },
  });
  child.on('message', hears);
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => child.kill(signal));
  const [code] = await once(child, 'exit');
  return code ?? EXIT.failed;
}

function hostArgs(
  directory: string,
  { region, ports = {}, ingestConfig, inspectConfig }: Omit<LocalFleetOptions, 'isDetached'>,
): readonly string[] {
  const where = region === undefined ? [] : ['--region', region];
  const open = Object.entries(ports).flatMap(([name, port]) => [`--${name}`, port]);
  const config = ingestConfig === undefined ? [] : ['--remote-write-config', ingestConfig];
  const shown = inspectConfig === undefined ? [] : ['--inspect-config', inspectConfig];
  return ['--directory', directory, ...where, ...open, ...config, ...shown];
}

async function answers(directory: string): Promise<boolean> {
  try {
    const host = await connectHost(join(directory, 'host.sock'));
    host.close();
    return true;
  } catch {
    return false;
  }
}

function graceOf({ labels = {} }: Partial<ChildReport>): number {
  const said = Number(labels.graceMs);
  return Number.isFinite(said) ? said : GRACE_MS;
}
