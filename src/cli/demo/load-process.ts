/**
 * The demo's clients: the example's load generator as a process, told what to do by lines of JSON, and
 * telling what became of it. It counts; nothing here does.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { CommandError, EXIT } from '../exit-codes.ts';
import { EXAMPLE } from './demo-fleet.ts';

/** What became of the requests that were sent in a chapter. */
export type LoadSums = {
  readonly chapter: string;
  readonly sent: number;
  readonly samples: number;
  /** By status, or what happened instead of one. */
  readonly errors: Readonly<Record<string, number>>;
  /** Writes that too few copies took, and seconds in which there were such. */
  readonly quorumLost: number;
  readonly quorumLostSeconds: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Tenants that another shard took than before: `0 to 2` and how many. */
  readonly moved: Readonly<Record<string, number>>;
  /** That were written to. */
  readonly tenants: number;
};

/** How much is written. */
export type LoadLevel = { readonly tenants: number; readonly rate: number };

/** Thread rule: the thread that made it. */
export class LoadProcess {
  private readonly child: ChildProcess;
  private readonly waiting: ((sums: LoadSums) => void)[] = [];
  private readonly rounds: (() => void)[] = [];
  private hasEnded = false;

  constructor(url: string, { tenants, rate }: LoadLevel) {
    const args = [`${EXAMPLE}load.mjs`, url, String(tenants), String(rate)];
    this.child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    this.child.once('exit', () => {
      this.hasEnded = true;
    });
    const { stdout } = this.child;
    if (stdout === null) return;
    createInterface({ input: stdout }).on('line', (line) => {
      const said = JSON.parse(line) as Partial<LoadSums> & { readonly round?: number };
      if (said.chapter !== undefined) this.waiting.shift()?.(said as LoadSums);
      if (said.round !== undefined) this.rounds.shift()?.();
    });
  }

  /** Begins a chapter; @returns the sums of the one before, when all its requests are answered */
  chapter(name: string): Promise<LoadSums> {
    if (this.hasEnded) throw new CommandError(EXIT.failed, 'the load generator has ended.');
    this.order({ mark: name });
    return new Promise((resolve) => this.waiting.push(resolve));
  }

  /** Settles when every tenant has written once more: whoever owns its key now has been seen. */
  round(): Promise<void> {
    this.order({ round: true });
    return new Promise((resolve) => this.rounds.push(resolve));
  }

  /** From now on. */
  level(level: LoadLevel): void {
    this.order(level);
  }

  end(): void {
    this.child.kill('SIGKILL');
  }

  private order(what: object): void {
    this.child.stdin?.write(`${JSON.stringify(what)}\n`);
  }
}

/** Requests that were not answered with 200. */
export function errorsOf({ errors }: LoadSums): number {
  return Object.values(errors).reduce((sum, count) => sum + count, 0);
}

/** Tenants that have moved, and those that did though neither of the two shards came or went. */
export function movesOf(
  { moved }: LoadSums,
  changed: string | null,
): { readonly all: number; readonly needless: number } {
  let [all, needless] = [0, 0];
  for (const [way, count] of Object.entries(moved)) {
    all += count;
    if (changed === null || !way.split(' to ').includes(changed)) needless += count;
  }
  return { all, needless };
}
