#!/usr/bin/env node
/**
 * The brain as a process of its own, under an agent or beside its brain: `host-main --directory DIR
 * [--region NAME] [--remote-write PORT] [--remote-write-config FILE] [--metrics-port PORT] [--inspect PORT]
 * [--inspect-config FILE]`.
 * It ends with 0 when it is told to, and with 1 when another host leads or it cannot go on: the agent then
 * starts it again. What a person should know goes to standard error, which the agent keeps; a process that
 * has started it by hand hears when it stands by, and when it leads. Puts together what knows nothing of
 * each other: the drivers' host, and the inspector that shows it.
 */
import { hostname } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type AgentClient, connectAgent, folderMark, SOCKET_VARIABLE } from '../agent/index.ts';
import {
  ControlServer,
  type FleetHost,
  HostMethods,
  MetricsServer,
  openPort,
  readIngestFile,
  startFleetHost,
} from '../drivers/index.ts';
import { hostError } from './errors.ts';
import {
  FleetInspector,
  type FleetInspectorParts,
  type InspectorPlace,
} from './fleet-inspector.ts';
import { readInspectFile } from './inspect-file.ts';
import { every } from './system-time.ts';

/** Between two looks whether the agent is there, and how many in a row it may be away. */
const AGENT_LOOK_MS = 500;
const AGENT_LOOKS = 6;
/** Below the host's directory: where tools ask. */
const CONTROL_SOCKET = 'host.sock';
const NOT_INSPECTED = { isOpen: false, isWanted: false, why: 'it runs without --inspect' } as const;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      directory: { type: 'string' },
      region: { type: 'string' },
      'remote-write': { type: 'string' },
      'remote-write-config': { type: 'string' },
      'metrics-port': { type: 'string' },
      inspect: { type: 'string' },
      'inspect-config': { type: 'string' },
    },
  });
  const { directory, region, 'remote-write': writePort, 'metrics-port': metricsPort } = values;
  const writeFile = values['remote-write-config'];
  const agent = process.env[SOCKET_VARIABLE];
  if (directory === undefined || agent === undefined) {
    const message = `--directory is needed, and ${SOCKET_VARIABLE}: start it by \`ringmaster up\`.`;
    throw hostError('RM_HOST_START', message);
  }
  // A sign of life from the beginning: opening a large store takes its time.
  const beats = await connectAgent({ socket: agent });
  await beats.beat();
  keepWatch(beats);
  // Who stands by ends with whoever has started it: nobody else knows of it.
  let end = (code: number): void => process.exit(code);
  process.once('disconnect', () => end(1));
  const write = writeFile === undefined ? {} : await readIngestFile(writeFile);
  const host = await startFleetHost({
    directory,
    agent,
    machine: hostname(),
    campaigns: () => say('campaigns'),
    trouble: warn,
    ...(region === undefined ? {} : { region }),
    ...(writePort === undefined ? {} : { ingest: { ...write, port: Number(writePort) } }),
  }).catch(async (error: unknown) => {
    // Who leads because all have ended finds nobody to start anything by.
    await beats.status().catch(agentGone);
    throw error;
  });
  watchStore(join(directory, 'store'));
  const metrics = await metricsOf(host, metricsPort);
  const { methods } = new HostMethods(host);
  const parts = { host, methods, directory, trouble: warn };
  const inspector = await inspectorOf(values.inspect, values['inspect-config'], parts);
  const where = (): Promise<InspectorPlace> => Promise.resolve(inspector?.where() ?? NOT_INSPECTED);
  // Last: whoever is answered there finds everything else open.
  const server = new ControlServer(join(directory, CONTROL_SOCKET), {
    methods: { ...methods, 'Inspector.where': where },
  });
  await server.listen();
  say('leads');
  let isEnding = false;
  const close = async (code: number): Promise<void> => {
    // Who resigns is deposed.
    if (isEnding) return;
    isEnding = true;
    server.close();
    metrics?.close();
    await inspector?.close();
    await host.close();
    beats.close();
    process.exit(code);
  };
  end = (code) => void close(code);
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => end(0));
  const why = await host.deposed;
  if (isEnding) return;
  warn(why.message);
  await close(1);
}

const asReason = (error: Error): Error => error;

async function metricsOf(host: FleetHost, port: string | undefined): Promise<MetricsServer | null> {
  if (port === undefined) return null;
  const metrics = new MetricsServer(host);
  const open = (): Promise<unknown> => metrics.listen(Number(port));
  await openPort(open, (why) => warn(`--metrics-port ${port}: ${why}`));
  return metrics;
}

async function inspectorOf(
  port: string | undefined,
  path: string | undefined,
  parts: Omit<FleetInspectorParts, 'port' | 'file'>,
): Promise<FleetInspector | null> {
  if (port === undefined) return null;
  // Without what it takes out of texts it shows nothing at all.
  const file = path === undefined ? {} : await readInspectFile(path).catch(asReason);
  const isRead = !(file instanceof Error);
  const inspector = new FleetInspector({ ...parts, port: Number(port), file: isRead ? file : {} });
  // What cannot be shown to others keeps nobody from leading.
  if (isRead) await inspector.open().catch((error: Error) => inspector.failed(error));
  else inspector.failed(file);
  return inspector;
}

/**
 * Without an agent nothing can be started or ended, and nobody starts this process again: the next agent
 * finds the instances. It may only be busy for a moment.
 */
function keepWatch(agent: AgentClient): void {
  let silent = 0;
  every(AGENT_LOOK_MS, () => {
    agent.status().then(
      () => {
        silent = 0;
      },
      () => {
        if (++silent >= AGENT_LOOKS) agentGone();
      },
    );
  });
}

/** What is written into a store that was removed is read by nobody; there may be another one at its path. */
function watchStore(path: string): void {
  const mark = folderMark(path);
  every(AGENT_LOOK_MS, () => {
    if (folderMark(path) === mark) return;
    process.stderr.write(`ringmaster: ${path} was removed while it was in use; the host ends.\n`);
    process.exit(1);
  });
}

function agentGone(): never {
  warn('the agent is gone; start another one with `up`.');
  process.exit(1);
}

function warn(what: string): void {
  process.stderr.write(`ringmaster: ${what}\n`);
}

/** To whoever has started it by hand, who may be gone by now. */
function say(word: 'campaigns' | 'leads'): void {
  process.send?.(word, undefined, undefined, () => undefined);
}

main().catch((error: unknown) => {
  warn(String(error instanceof Error ? error.stack : error));
  process.exit(1);
});
