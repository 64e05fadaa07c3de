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
  /** Rejects when it has ended: nothing that it was asked for comes any more. */
  private readonly gone: Promise<never>;

  constructor(url: string, { tenants, rate }: LoadLevel) {
    const args = [`${EXAMPLE}load.mjs`, url, String(tenants), String(rate)];
    this.child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    this.gone = new Promise((_, reject) => {
      const tell = (): void => {
        reject(new CommandError(EXIT.failed, 'the load generator has ended; nothing is counted.'));
      };
      this.child.once('error', tell).once('exit', tell);
    });
    // Whoever waits hears of it.
    this.gone.catch(() => undefined);
    const { stdin, stdout } = this.child;
    stdin?.on('error', () => undefined);
    if (stdout === null) return;
    createInterface({ input: stdout }).on('line', (line) => {
      const said = JSON.parse(line) as Partial<LoadSums> & { readonly round?: number };
      if (said.chapter !== undefined) this.waiting.shift()?.(said as LoadSums);
      if (said.round !== undefined) this.rounds.shift()?.();
    });
  }

  /**
   * Begins a chapter; @returns the sums of the one before, when all its requests are answered
   * @throws (rejects) CommandError when it has ended
   */
  chapter(name: string): Promise<LoadSums> {
    this.order({ mark: name });
    return Promise.race([
      this.gone,
      new Promise<LoadSums>((resolve) => this.waiting.push(resolve)),
    ]);
  }

  /**
   * Settles when every tenant has written once more: whoever owns its key now has been seen.
   * @throws (rejects) CommandError when it has ended
   */
  round(): Promise<void> {
    this.order({ round: true });
    return Promise.race([this.gone, new Promise<void>((resolve) => this.rounds.push(resolve))]);
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
