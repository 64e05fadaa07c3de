/** What is sent broken messages: the inspector of an actor system, or that of a fleet that runs. */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { start } from 'ringmaster';
import { inspect } from 'ringmaster/inspector';

/** One of them. */
export type FuzzTarget = {
  readonly url: string;
  /** Of an admin. */
  readonly token: string;
  /** Names that mean something to it, drawn now and then. */
  readonly words: readonly string[];
  /** Ends it. @returns what it has said of failures inside */
  readonly end: () => Promise<readonly string[]>;
};

const COMMAND = fileURLToPath(new URL('../../../dist/cli/main.js', import.meta.url));
const EXAMPLE = fileURLToPath(new URL('../../../examples/sharded-cache/', import.meta.url));

/** In this process. */
export async function systemTarget(): Promise<FuzzTarget> {
  const directory = mkdtempSync(join(tmpdir(), 'ringmaster-fuzz-'));
  const troubles: string[] = [];
  const system = await start({ threads: 1 });
  const inspector = await inspect(system, { directory, onTrouble: (why) => troubles.push(why) });
  return {
    url: inspector.url,
    token: readFileSync(inspector.tokenFile('admin'), 'utf8').trim(),
    words: [],
    end: async () => {
      await inspector.close();
      await system.close();
      rmSync(directory, { recursive: true });
      return troubles;
    },
  };
}

/** The example of a sharded service, as `ringmaster up --inspect` runs it. */
export function fleetTarget(): FuzzTarget {
  const folder = mkdtempSync(join(tmpdir(), 'ringmaster-fuzz-fleet-'));
  cpSync(EXAMPLE, folder, { recursive: true });
  const ringmaster = (...args: readonly string[]): string => {
    const { stdout, stderr, status } = spawnSync(process.execPath, [COMMAND, ...args], {
      cwd: folder,
      encoding: 'utf8',
    });
    if (status === 0) return stdout;
    throw new Error(`ringmaster ${args.join(' ')} ended with ${status}: ${stderr}`);
  };
  ringmaster('up', '-d', '-f', 'fleet.yaml', '--inspect', '0');
  ringmaster('status', '--for', 'healthy', '--timeout', '60s');
  const told = ringmaster('inspect', '--role', 'admin');
  const word = (pattern: RegExp): string => pattern.exec(told)?.[1] ?? '';
  const names = (...args: readonly string[]): readonly string[] =>
    ringmaster('get', ...args, '-o', 'name')
      .trim()
      .split('\n');
  const services = names();
  return {
    url: word(/^socket: (.*)$/m),
    token: readFileSync(word(/^token of the admin: (.*)$/m), 'utf8').trim(),
    words: [...services, ...services.flatMap((service) => names(service))],
    end: () => {
      // It still answers, whatever it was told.
      ringmaster('get');
      const output = join(folder, '.ringmaster', 'agent', 'output');
      const troubles = readdirSync(output)
        .flatMap((name) => readFileSync(join(output, name), 'utf8').split('\n'))
        .filter((line) => line.startsWith('ringmaster: inspector:'));
      ringmaster('down');
      rmSync(folder, { recursive: true });
      return Promise.resolve(troubles);
    },
  };
}
