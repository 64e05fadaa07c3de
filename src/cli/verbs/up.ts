/**
 * `ringmaster up` and `down`: the agent, the host under it, and the fleet. `up` stays in the foreground
 * unless it is detached; interrupted, it ends agent and host, and the instances go on. `down` ends them,
 * too, within their grace.
 */
import type { ChildProcess } from 'node:child_process';
import { resolve } from 'node:path';
import type { Command } from '../command.ts';
import { CommandError, EXIT } from '../exit-codes.ts';
import { type CommonOptions, directoryOf } from '../host-door.ts';
import { placeOf } from '../inspector-address.ts';
import { leftBehind } from '../left-behind.ts';
import { endLocalFleet, standBy, startLocalFleet, untilUp } from '../local-fleet.ts';
import { print, printAside } from '../output.ts';
import { sent } from './apply.ts';
import { inspectorLine } from './inspect.ts';

/** Of the inspector, unless another one is named: one that nobody has registered. */
const INSPECT_PORT = '7117';

type UpOptions = CommonOptions & {
  readonly file?: string;
  readonly detach?: boolean;
  readonly region?: string;
  readonly remoteWrite?: string;
  readonly remoteWriteConfig?: string;
  readonly metricsPort?: string;
  /** True: on its usual port. */
  readonly inspect?: string | true;
  readonly inspectConfig?: string;
  readonly standby?: boolean;
};

/** Adds them. */
export function addUp(program: Command): void {
  program
    .command('up')
    .description('start a fleet on this machine; instances that run are taken up')
    .option('-f, --file <file>', 'apply this fleet when the host is up')
    .option('-d, --detach', 'leave agent and host running')
    .option('--standby', 'a second brain beside the one that runs, which leads when it is gone')
    .option('--region <name>', 'which of several regions this host runs')
    .option('--remote-write <port>', 'take Prometheus remote write in, on this port of 127.0.0.1')
    .option('--remote-write-config <file>', 'which labels its sums lack, its limits and threads')
    .option('--metrics-port <port>', 'show metrics of Ringmaster itself, on this port of 127.0.0.1')
    .option(
      '--inspect [port]',
      `show the fleet and its brain in a page, on this port of 127.0.0.1 (default: ${INSPECT_PORT}; 0: any)`,
    )
    .option('--inspect-config <file>', 'what is hidden in it, its names, address, TLS, recorder')
    .action(async (_, command: Command) => up(command.optsWithGlobals<UpOptions>()));
  program
    .command('down')
    .description('end host, agent and all instances; what is stored stays')
    .action(async (_, command: Command) => {
      const count = await endLocalFleet(directoryOf(command.optsWithGlobals<CommonOptions>()));
      print(`ringmaster is down, with ${count} processes; what is stored stays`);
    });
}

async function up(options: UpOptions): Promise<void> {
  const directory = directoryOf(options);
  if (options.file !== undefined) {
    // What is wrong with it is said before anything is started.
    const { readFleetFile } = await import('../fleet-file.ts');
    await readFleetFile(options.file);
  }
  const { region, detach: isDetached = false, remoteWrite, metricsPort } = options;
  const where = region === undefined ? {} : { region };
  const inspect = options.inspect === true ? INSPECT_PORT : options.inspect;
  const ports = { 'remote-write': remoteWrite, 'metrics-port': metricsPort, inspect };
  const config = { ...(await ingestConfig(options)), ...(await inspectConfig(options)) };
  const given = Object.entries(ports).flatMap(([name, port]) =>
    port === undefined ? [] : [[name, portOf(port, name === 'inspect')] as const],
  );
  const how = { ...where, ...config, ports: Object.fromEntries(given) };
  if (options.standby === true) {
    if (isDetached || options.file !== undefined) {
      const message = '--standby stays in the foreground and applies nothing; leave -d and -f out.';
      throw new CommandError(EXIT.usage, message);
    }
    process.exitCode = await standBy(directory, how, (word) =>
      print(`ringmaster ${word === 'leads' ? 'leads' : 'stands by'} in ${directory}`),
    );
    return;
  }
  const left = leftBehind(directory);
  if (left.length > 0) {
    const why = `${directory} was removed while a fleet ran in it, and these processes of it still run`;
    printAside(`${why}: ${left.join(' ')}. Nobody keeps them; end them.`);
  }
  const agent = await startLocalFleet(directory, { isDetached, ...how });
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
  await untilUp(agent, directory);
  print(`ringmaster is up in ${directory}`);
  if (options.inspect !== undefined) print(inspectorLine(await placeOf(options)));
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

/** Checked before anything is started; the host reads it again. */
async function ingestConfig({
  remoteWrite,
  remoteWriteConfig: file,
}: UpOptions): Promise<{ readonly ingestConfig?: string }> {
  if (file === undefined) return {};
  if (remoteWrite === undefined) {
    const message =
      '--remote-write-config says how to take it in; say where, with --remote-write PORT.';
    throw new CommandError(EXIT.usage, message);
  }
  const { readIngestFile } = await import('../../drivers/index.ts');
  try {
    await readIngestFile(file);
  } catch (error) {
    throw new CommandError(EXIT.usage, (error as Error).message);
  }
  return { ingestConfig: resolve(file) };
}

/** As that. */
async function inspectConfig({
  inspect,
  inspectConfig: file,
}: UpOptions): Promise<{ readonly inspectConfig?: string }> {
  if (file === undefined) return {};
  if (inspect === undefined) {
    throw new CommandError(EXIT.usage, '--inspect-config goes with --inspect; give both.');
  }
  const { readInspectFile } = await import('../../host/index.ts');
  try {
    await readInspectFile(resolve(file));
  } catch (error) {
    throw new CommandError(EXIT.usage, (error as Error).message);
  }
  return { inspectConfig: resolve(file) };
}

/** `mayBeAny`: 0 is one that is free. */
function portOf(text: string, mayBeAny: boolean): string {
  const least = mayBeAny ? 0 : 1;
  const port = /^\d+$/.test(text) ? Number(text) : -1;
  if (port >= least && port < 65_536) return text;
  throw new CommandError(EXIT.usage, `${text} is no port; give a number from ${least} to 65535.`);
}
