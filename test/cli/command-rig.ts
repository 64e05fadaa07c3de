/** The `ringmaster` command as a user runs it: a folder with a fleet, real processes, exit codes. */
import { type ChildProcess, spawn } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const COMMAND = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const APP = fileURLToPath(new URL('../drivers/apps/instance.mjs', import.meta.url));

/** How a command ended. */
export type Ended = { readonly code: number; readonly out: string; readonly err: string };

/** One that goes on. */
export type Begun = {
  readonly line: string;
  readonly child: ChildProcess;
  readonly code: Promise<number>;
};

/** A folder of a user's. */
export class CommandRig {
  readonly folder: string = mkdtempSync(join(tmpdir(), 'rm-cli-'));

  constructor() {
    cpSync(APP, join(this.folder, 'app', 'instance.mjs'), { recursive: true });
  }

  /** Writes `fleet.yaml` with these services. */
  write(services: Readonly<Record<string, unknown>>, region = 'eu'): void {
    const data = {
      apiVersion: 'ringmaster/v1',
      kind: 'Fleet',
      name: 'shop',
      regions: [{ name: region, zones: ['a', 'b', 'c'] }],
      policy: { period: '200ms', answerWithin: '150ms' },
      services,
    };
    // JSON is YAML.
    writeFileSync(join(this.folder, 'fleet.yaml'), JSON.stringify(data));
  }

  /** Runs a command to its end. */
  run(...args: readonly string[]): Promise<Ended> {
    return new Promise((resolve, reject) => {
      const child = spawn(process.execPath, [COMMAND, ...args], { cwd: this.folder });
      let [out, err] = ['', ''];
      child.stdout.on('data', (piece) => {
        out += piece;
      });
      child.stderr.on('data', (piece) => {
        err += piece;
      });
      child.once('error', reject);
      child.once('close', (code) => resolve({ code: code ?? -1, out, err }));
    });
  }

  /** Runs one that is to go on; resolves with a line that matches, and how to end it. */
  async watch(
    pattern: RegExp,
    ...args: readonly string[]
  ): Promise<{ line: string; end: () => void }> {
    const { line, child } = await this.begin(pattern, ...args);
    return { line, end: () => void child.kill() };
  }

  /** As `watch`, with the process and how it will have ended. */
  begin(pattern: RegExp, ...args: readonly string[]): Promise<Begun> {
    const child = spawn(process.execPath, [COMMAND, ...args], { cwd: this.folder });
    const code = new Promise<number>((resolve) => {
      child.once('close', (number) => resolve(number ?? -1));
    });
    return new Promise((resolve, reject) => {
      let out = '';
      child.once('error', reject);
      child.once('exit', (number) => reject(new Error(`ended with ${number}: ${out}`)));
      child.stderr.on('data', (piece) => {
        out += piece;
      });
      child.stdout.on('data', (piece) => {
        out += piece;
        const line = out.split('\n').find((one) => pattern.test(one));
        if (line !== undefined) resolve({ line, child, code });
      });
    });
  }

  async end(): Promise<void> {
    await this.run('down');
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** A service of the test's program. */
export const webService = (more: Readonly<Record<string, unknown>> = {}) => ({
  kind: 'stateless',
  command: ['node', 'instance.mjs'],
  cwd: 'app',
  instances: 2,
  health: { readiness: { http: '/', period: '200ms', timeout: '150ms' } },
  ...more,
});
