/**
 * How an instance is started as a process: its name at the agent, command, directory, variables, and the
 * labels by which the next brain knows it again.
 */
import { createHash } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type ServiceSpec, slotParts } from '../../actors/index.ts';
import type { ChildReport, ChildSpec } from '../../agent/index.ts';
import type { Address } from '../address-book.ts';
import { driverError } from '../errors.ts';
import { environmentOf } from './environment.ts';

/** What is to be started. */
export type Launch = {
  readonly instance: string;
  readonly slot: string;
  readonly service: string;
  readonly revision: string;
  readonly spec: ServiceSpec;
};

/** Where things are on this machine. */
export type LaunchPlaces = {
  readonly port: number;
  /** The revision's snapshot; null: it is started where the specification says. */
  readonly release: string | null;
  /** Directories of slots that keep data. */
  readonly data: string;
  readonly env: Readonly<Record<string, string | undefined>>;
};

/** Characters that the agent takes as a name. */
const CHILD_CHARS_MAX = 127;

/** The name of an instance at the agent. */
export function childOf(instance: string): string {
  const name = instance.replaceAll('/', '.').replace('#', '_');
  if (name.length <= CHILD_CHARS_MAX) return name;
  return `instance-${createHash('sha256').update(instance).digest('hex')}`;
}

/** The directory that belongs to a slot; null: its service keeps no data. */
function dataOf({ spec, slot }: Launch, data: string): string | null {
  return spec.data === undefined ? null : join(data, spec.data.path, slot);
}

/** Makes the slot's directory, if it has one. Throws what the file system says. */
export function prepareData(launch: Launch, data: string): void {
  const path = dataOf(launch, data);
  if (path !== null) mkdirSync(path, { recursive: true });
}

/** @throws RM_DRIVER_START for a service that is no program, RM_DRIVER_ENV */
export function childSpecOf(launch: Launch, places: LaunchPlaces): ChildSpec {
  const { spec, instance, slot, service, revision } = launch;
  const { port, release } = places;
  const [command, ...args] = spec.command ?? [];
  const parts = slotParts(slot);
  if (command === undefined || parts === null) {
    const message = `${instance} has no command; a process needs one.`;
    throw driverError('RM_DRIVER_START', message, { instance });
  }
  const { region, zone, ordinal } = parts;
  const who = { instance, service, region, zone, ordinal, revision, port };
  const env = environmentOf(spec, { ...who, data: dataOf(launch, places.data) }, places.env);
  const cwd = release ?? spec.cwd;
  // The grace is for whoever ends everything without a brain.
  const graceMs = String(spec.stopGrace);
  const labels = { instance, slot, service, zone, revision, graceMs, port: String(port) };
  // Whatever is called node is the program that runs this: not another one that the path finds first.
  const program = command === 'node' ? process.execPath : command;
  return { command: program, args, env, labels, ...(cwd === undefined ? {} : { cwd }) };
}

/** What a report's labels say; null: it is no instance's. */
export function addressOf({ labels, pid }: ChildReport): Address | null {
  const { instance, slot, service, zone, revision, port } = labels;
  if (!instance || !slot || !service || !zone || !revision || !port) return null;
  return { instance, slot, service, zone, revision, port: Number(port), pid };
}
