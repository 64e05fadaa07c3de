/**
 * An agent with a brain that obeys the test. Everything that happens is a message that the test
 * awaits; nothing waits for time.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { ChildReport } from 'ringmaster/agent';

const BRAIN = fileURLToPath(new URL('./apps/brain.mjs', import.meta.url));
const CHILD = fileURLToPath(new URL('./apps/child.mjs', import.meta.url));
const MAIN = fileURLToPath(new URL('../../dist/agent/main.js', import.meta.url));

/** What a brain says. */
export type Said = {
  readonly up?: number;
  readonly isBrain?: boolean;
  readonly heard?: string;
  readonly reconnected?: boolean;
  readonly ended?: ChildReport;
  readonly id?: number;
  readonly ok?: unknown;
  readonly code?: string;
  readonly message?: string;
};

/** How the fleet's children are started. */
export const childSpec = (...args: string[]) => ({
  command: process.execPath,
  args: [CHILD, ...args],
});

/** Messages in order, and those who wait for one. */
class Inbox<T> {
  private readonly items: T[] = [];
  private readonly waiting: { matches: (item: T) => boolean; resolve: (item: T) => void }[] = [];

  put(item: T): void {
    const at = this.waiting.findIndex(({ matches }) => matches(item));
    if (at < 0) this.items.push(item);
    else this.waiting.splice(at, 1)[0]?.resolve(item);
  }

  /** Takes the first that matches, now or when it comes. */
  next(matches: (item: T) => boolean): Promise<T> {
    const at = this.items.findIndex(matches);
    if (at >= 0) return Promise.resolve(this.items.splice(at, 1)[0] as T);
    return new Promise((resolve) => this.waiting.push({ matches, resolve }));
  }
}

/** How to begin. */
export type RigOptions = {
  readonly flags?: readonly string[];
  readonly nodeFlags?: readonly string[];
  readonly atOnce?: 'exit' | 'ignore-term';
};

/** A directory, an agent process, a brain. */
export class Rig {
  readonly directory: string = mkdtempSync(join(tmpdir(), 'rm-agent-'));
  readonly said = new Inbox<Said>();
  readonly words = new Inbox<string>();
  readonly exits = new Inbox<number | null>();
  agent: ChildProcess | null = null;
  private readonly server: Server;
  private brain: Socket | null = null;
  private numbers = 0;
  private readonly options: RigOptions;

  constructor(options: RigOptions = {}) {
    this.options = options;
    this.server = createServer((socket) => {
      this.brain = socket;
      socket.on('error', () => undefined);
      createInterface({ input: socket, crlfDelay: 0 }).on('line', (line) =>
        this.said.put(JSON.parse(line) as Said),
      );
    });
  }

  get socket(): string {
    return join(this.directory, 'agent.sock');
  }

  /** Starts an agent; `null` if it says that it cannot. */
  async begin(): Promise<void> {
    const control = join(this.directory, 'control.sock');
    if (!this.server.listening) {
      await new Promise<void>((resolve) => this.server.listen(control, resolve));
    }
    const { flags = [], nodeFlags = [], atOnce } = this.options;
    const brain = [process.execPath, ...nodeFlags, BRAIN];
    const agent = spawn(
      process.execPath,
      [MAIN, '--directory', this.directory, ...flags, '--', ...brain],
      {
        env: {
          ...process.env,
          CONTROL: control,
          ...(atOnce === undefined ? {} : { BRAIN_AT_ONCE: atOnce }),
        },
        stdio: ['ignore', 'ignore', 'pipe'],
      },
    );
    this.agent = agent;
    createInterface({ input: agent.stderr }).on('line', (line) => this.words.put(line));
    agent.once('exit', (code) => this.exits.put(code));
  }

  /** The pid of the next brain that comes up. */
  async up(): Promise<number> {
    const { up, isBrain } = await this.said.next((one) => one.up !== undefined);
    if (isBrain !== true) throw new Error('the agent does not know its brain');
    return up as number;
  }

  /** Orders the brain to do something and waits for its answer. */
  async order(what: string, details: Readonly<Record<string, unknown>> = {}): Promise<Said> {
    const id = ++this.numbers;
    this.cast(what, { ...details, id });
    return await this.said.next((one) => one.id === id);
  }

  /** Orders what has no answer. */
  cast(what: string, details: Readonly<Record<string, unknown>> = {}): void {
    this.brain?.write(`${JSON.stringify({ do: what, ...details })}\n`);
  }

  list(): Promise<readonly ChildReport[]> {
    return this.order('list').then(({ ok }) => ok as readonly ChildReport[]);
  }

  /** Crash reports, the oldest first. */
  reports(): readonly Readonly<Record<string, unknown>>[] {
    const folder = join(this.directory, 'crashes');
    return readdirSync(folder)
      .sort()
      .map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')));
  }

  /** Ends everything that this rig has started, whatever the test did. */
  async end(): Promise<void> {
    const state = JSON.parse(readFileSync(join(this.directory, 'agent.json'), 'utf8')) as {
      readonly agent: string;
      readonly children: readonly { readonly pid: number | null; readonly exit: unknown }[];
    };
    if (this.agent !== null && this.agent.exitCode === null && this.agent.signalCode === null) {
      this.agent.kill('SIGKILL');
      await this.exits.next(() => true);
    }
    for (const pid of markedBy(state.agent)) process.kill(pid, 'SIGKILL');
    this.server.close();
    this.brain?.destroy();
    rmSync(this.directory, { recursive: true, force: true });
  }
}

/** Processes with the mark of that agent. */
export function markedBy(agent: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        const lines = readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0');
        return lines.includes(`RINGMASTER_AGENT=${agent}`);
      } catch {
        return false;
      }
    })
    .map(Number);
}
