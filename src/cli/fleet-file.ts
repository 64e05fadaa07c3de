/**
 * A fleet from a file: YAML, JSON, or a module whose default export (or export `fleet`) is one. What is
 * wrong with it is said with file, line and cure.
 */
import { readFile } from 'node:fs/promises';
import { dirname, extname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import {
  type FleetReading,
  type FleetSpec,
  problemsText,
  readFleet,
  readFleetYaml,
} from '../actors/index.ts';
import { CommandError, EXIT } from './exit-codes.ts';

/** What was read. */
export type FleetFile = {
  readonly fleet: FleetSpec;
  /** As it is written: what a host is given. */
  readonly data: unknown;
  /** From where its relative paths are meant. */
  readonly folder: string;
};

const MODULES: readonly string[] = ['.mjs', '.js', '.ts', '.mts'];

/** @throws CommandError with every problem */
export async function readFleetFile(path: string): Promise<FleetFile> {
  const reading = MODULES.includes(extname(path)) ? await fromModule(path) : await fromText(path);
  if (!reading.ok) {
    const count = reading.problems.length;
    const title = `${count} problem${count === 1 ? '' : 's'} in ${path}:`;
    throw new CommandError(EXIT.usage, `${title}\n${problemsText(reading.problems, path)}`);
  }
  const { fleet, data } = reading;
  return { fleet, data, folder: dirname(resolve(path)) };
}

async function fromText(path: string): Promise<FleetReading> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    const why = (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'is not there' : String(error);
    throw new CommandError(EXIT.usage, `${path} ${why}; name a fleet with -f FILE.`);
  }
  return readFleetYaml(text);
}

async function fromModule(path: string): Promise<FleetReading> {
  let module: Readonly<Record<string, unknown>>;
  try {
    module = await import(pathToFileURL(resolve(path)).href);
  } catch (error) {
    const message = `${path} cannot be loaded: ${String(error)}`;
    throw new CommandError(EXIT.usage, message);
  }
  const found = module.default ?? module.fleet;
  // What was read already has its units taken off: what is kept is as it was written.
  return readFleet(JSON.parse(JSON.stringify(found ?? null)));
}
