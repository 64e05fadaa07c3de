/** Another process with a store of the built package; calls go over pipes. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const PROGRAM = fileURLToPath(new URL('./programs/store-program.mjs', import.meta.url));

type Open = {
  readonly resolve: (value: never) => void;
  readonly reject: (error: Error) => void;
};

export class StoreProcess {
  readonly child: ChildProcess;
  private readonly open = new Map<number, Open>();
  private ids = 0;

  /** @param nodeOptions for Node, before the program */
  constructor(nodeOptions: readonly string[] = []) {
    this.child = spawn(process.execPath, [...nodeOptions, PROGRAM], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const lines = createInterface({ input: this.child.stdout as NodeJS.ReadableStream });
    lines.on('line', (line) => this.answered(JSON.parse(line)));
    this.child.on('exit', () => {
      for (const { reject } of this.open.values()) reject(new Error('the process has ended'));
    });
  }

  /** @throws an error whose message is the code */
  call<T>(method: string, ...args: unknown[]): Promise<T> {
    const id = ++this.ids;
    const answer = new Promise<T>((resolve, reject) => this.open.set(id, { resolve, reject }));
    this.child.stdin?.write(`${JSON.stringify([id, method, ...args])}\n`);
    return answer;
  }

  async kill(): Promise<void> {
    const ended = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await ended;
  }

  /** Lets it close its store and end by itself. */
  async end(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const ended = once(this.child, 'exit');
    this.child.stdin?.end();
    await ended;
  }

  private answered([id, status, result]: [number, string, never]): void {
    const call = this.open.get(id);
    this.open.delete(id);
    if (status === 'ok') call?.resolve(result);
    else call?.reject(new Error(status));
  }
}
