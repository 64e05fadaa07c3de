/**
 * `ringmaster up` and `down`: the agent, the host under it, and the fleet. `up` stays in the foreground
 * unless it is detached; interrupted, it ends agent and host, and the instances go on. `down` ends them,
 * too, within their grace.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type ChildReport, connectAgent, isProcess, signalGroup } from '../../agent/index.ts';
import { connectHost } from '../../drivers/client.ts';
import type { Command } from '../command.ts';
import { CommandError, EXIT } from '../exit-codes.ts';
import { type CommonOptions, directoryOf } from '../host-door.ts';
import { print } from '../output.ts';
import { until } from '../watching.ts';
import { sent } from './apply.ts';

type UpOptions = CommonOptions & {
  readonly file?: string;
  readonly detach?: boolean;
  readonly region?: string;
  readonly remoteWrite?: string;
};

const AGENT = fileURLToPath(new URL('../../agent/main.js', import.meta.url));
const HOST = fileURLToPath(new URL('../../drivers/host/host-main.js', import.meta.url));
/** Between two looks, and how long a host may take until it leads and answers; milliseconds. */
const LOOK_MS = 50;
const UP_MS = 60_000;
/** From SIGTERM to SIGKILL, for `down`. */
const GRACE_MS = 30_000;

/** Adds them. */
export function addUp(program: Command): void {
  program
    .command('up')
    .description('start a fleet on this machine; instances that run are taken up')
    .option('-f, --file <file>', 'apply this fleet when the host is up')
    .option('-d, --detach', 'leave agent and host running')
    .option('--region <name>', 'which of several regions this host runs')
    .option('--remote-write <port>', 'take Prometheus remote write in, on this port of 127.0.0.1')
    .action(async (_, command: Command) => up(command.optsWithGlobals<UpOptions>()));
  program
    .command('down')
    .description('end host, agent and all instances; what is stored stays')
    .action(async (_, command: Command) => down(command.optsWithGlobals<CommonOptions>()));
}

async function up(options: UpOptions): Promise<void> {
  const directory = directoryOf(options);
  mkdirSync(directory, { recursive: true });
  if (await answers(directory)) {
    throw new CommandError(
      EXIT.conflict,
      `a host runs in ${directory} already; use it, or \`ringmaster down\`.`,
    );
  }
  if (options.file !== undefined) {
    // What is wrong with it is said before anything is started.
    const { readFleetFile } = await import('../fleet-file.ts');
    await readFleetFile(options.file);
  }
  const agent = startAgentProcess(options, directory);
  try {
    await upWith(agent, options, directory);
  } catch (error) {
    // What was started for this goes with it; instances that were taken up go on.
    agent.kill('SIGTERM');
    agent.unref();
    throw error;
  }
}

async function upWith(agent: ChildProcess, options: UpOptions, directory: string): Promise<void> {
  const ended = new Promise<number>((resolve) => {
    agent.once('exit', (code) => resolve(code ?? EXIT.failed));
  });
  let code: number | null = null;
  void ended.then((value) => {
    code = value;
  });
  const isUp = await until(LOOK_MS, UP_MS, async () =>
    code !== null ? false : (await answers(directory)) ? true : null,
  );
  if (isUp !== true) {
    const logs = ['agent/brain.log', 'agent.log'].map((name) => join(directory, name));
    throw new CommandError(EXIT.failed, `the host has not come up; see ${logs.join(' and ')}.`);
  }
  print(`ringmaster is up in ${directory}`);
  if (options.file !== undefined) {
    for (const { service, outcome, version } of await sent(
      { ...options, file: options.file },
      false,
    )) {
      print(`${service}: ${version}, ${outcome}`);
    }
  }
  if (options.detach === true) {
    agent.unref();
    return;
  }
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => agent.kill('SIGTERM'));
  }
  process.exitCode = await ended;
}

function startAgentProcess(
  { region, detach, remoteWrite }: UpOptions,
  directory: string,
): ChildProcess {
  const args = [AGENT, '--directory', join(directory, 'agent'), '--', process.execPath, HOST];
  args.push('--directory', directory, ...(region === undefined ? [] : ['--region', region]));
  if (remoteWrite !== undefined) args.push('--remote-write', portOf(remoteWrite));
  const log = openSync(join(directory, 'agent.log'), 'a', 0o600);
  // In the foreground a terminal's interrupt is ours to pass on: a group of its own in any case.
  return spawn(process.execPath, args, {
    detached: true,
    stdio: ['ignore', log, detach === true ? log : 'inherit'],
  });
}

function portOf(text: string): string {
  const port = Number(text);
  if (Number.isInteger(port) && port > 0 && port < 65_536) return text;
  throw new CommandError(EXIT.usage, `${text} is no port; give a number from 1 to 65535.`);
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

async function down(options: CommonOptions): Promise<void> {
  const directory = directoryOf(options);
  const socket = join(directory, 'agent', 'agent.sock');
  if (!existsSync(socket)) {
    throw new CommandError(EXIT.unreachable, `no agent runs in ${directory}; nothing is ended.`);
  }
  let agent: Awaited<ReturnType<typeof connectAgent>>;
  try {
    agent = await connectAgent({ socket });
  } catch (error) {
    throw new CommandError(EXIT.unreachable, String((error as Error).message));
  }
  const { pid } = await agent.status();
  agent.close();
  // Who leads starts again whatever ends: so it goes first, and then nobody starts anything.
  process.kill(pid, 'SIGTERM');
  await until(LOOK_MS, GRACE_MS, async () => (existsSync(`/proc/${pid}`) ? null : true));
  const children = await lastChildren(directory);
  const left = (): readonly ChildReport[] => children.filter(isThere);
  // With all that each has started in its group.
  for (const { pid: one } of left()) signalGroup(one as number, 'SIGTERM');
  await until(LOOK_MS, GRACE_MS, async () => (left().length > 0 ? null : true));
  for (const { pid: one } of left()) signalGroup(one as number, 'SIGKILL');
  print(`ringmaster is down, with ${children.length} processes; what is stored stays`);
}

/** Those that ran when the agent ended, as it has left them on disk. */
async function lastChildren(directory: string): Promise<readonly ChildReport[]> {
  const { readFile } = await import('node:fs/promises');
  const text = await readFile(join(directory, 'agent', 'agent.json'), 'utf8');
  const { children } = JSON.parse(text) as { readonly children: readonly ChildReport[] };
  return children.filter((one) => one.exit === null && isThere(one));
}

/** That very process: its pid may be somebody else's by now. */
function isThere({ pid, startTicks }: ChildReport): boolean {
  return pid !== null && isProcess({ pid, startTicks: startTicks ?? '' });
}
