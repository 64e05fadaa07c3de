/**
 * Processes that campaign for one key of one store on disk, an agent that obeys the highest token, and
 * the record of both, against which nobody's word is needed.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { type Agent, connectAgent, startAgent } from 'ringmaster/agent';
import { openLmdbStore } from 'ringmaster/store';
import { markedBy } from '../../agent/rig.ts';

const PROGRAM = fileURLToPath(new URL('./programs/candidate.mjs', import.meta.url));
const FOREVER = 'require("node:net").createServer().listen(0)';

/** What a candidate says. */
type Said = {
  readonly up?: number;
  readonly leads?: number;
  readonly act?: number;
  readonly deposed?: number;
  readonly why?: string;
  readonly refused?: string;
  readonly rogue?: readonly string[];
  readonly stuck?: number;
};

/** Who has done something, with which token. */
export type Tenure = { readonly name: string; readonly token: number };

/** One process. */
export type Candidate = {
  readonly name: string;
  readonly child: ChildProcess;
  readonly said: Said[];
};

export class Candidates {
  readonly directory: string = mkdtempSync(join(tmpdir(), 'rm-leaders-'));
  readonly all = new Map<string, Candidate>();
  /** In the order in which they were heard of. */
  readonly tenures: Tenure[] = [];
  readonly acts: Tenure[] = [];
  readonly deposed = new Set<number>();
  /** Processes that were said to hold the lock of the store. */
  readonly stuck = new Set<number>();
  private readonly leaseMs: number;
  private readonly how: 'self' | 'told';
  private readonly waiting: Set<() => void> = new Set();
  private agent: Agent | null = null;

  constructor(leaseMs: number, how: 'self' | 'told') {
    this.leaseMs = leaseMs;
    this.how = how;
  }

  /** The tenure with the greatest token. */
  get top(): Tenure {
    return this.tenures.reduce((a, b) => (b.token > a.token ? b : a), { name: '', token: 0 });
  }

  async begin(): Promise<void> {
    this.agent = await startAgent({
      directory: this.place('agent'),
      brain: { command: process.execPath, args: ['-e', FOREVER] },
      say: () => undefined,
      ended: () => undefined,
    });
  }

  /** Starts a process; one that had the name before has ended. */
  start(name: string): Candidate {
    const socket = join(this.place('agent'), 'agent.sock');
    const args = [this.place('store'), socket, name, String(this.leaseMs), this.how];
    const child = spawn(process.execPath, [PROGRAM, ...args], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const candidate: Candidate = { name, child, said: [] };
    this.all.set(name, candidate);
    createInterface({ input: child.stdout }).on('line', (line) => {
      this.heard(candidate, JSON.parse(line) as Said);
      for (const look of this.waiting) look();
    });
    return candidate;
  }

  /** Resolves as soon as it is so, looked at after each line that anybody says. */
  until(isSo: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const look = (): void => {
        if (!isSo()) return;
        this.waiting.delete(look);
        resolve();
      };
      this.waiting.add(look);
      look();
    });
  }

  /** Orders what has no answer. */
  tell(name: string, what: string): void {
    this.all.get(name)?.child.stdin?.write(`${what}\n`);
  }

  /** Orders one to do something and waits until it has said something of that kind. */
  async order(name: string, what: string, kind: keyof Said): Promise<Said> {
    const { said } = this.all.get(name) as Candidate;
    const before = said.length;
    this.tell(name, what);
    const answer = (): Said | undefined =>
      said.slice(before).find((one) => one[kind] !== undefined);
    await this.until(() => answer() !== undefined);
    return answer() as Said;
  }

  signal(name: string, signal: NodeJS.Signals): void {
    this.all.get(name)?.child.kill(signal);
  }

  async kill(name: string): Promise<void> {
    const { child } = this.all.get(name) as Candidate;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }

  /** Lets all processes end by themselves. */
  async end(): Promise<void> {
    for (const { child } of this.all.values()) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      const ended = once(child, 'exit');
      child.kill('SIGCONT');
      child.stdin?.end();
      await ended;
    }
  }

  /** Tokens of the acts that the agent has obeyed, in its order. */
  async obeyed(): Promise<Tenure[]> {
    const tool = await connectAgent({ socket: join(this.place('agent'), 'agent.sock') });
    const children = await tool.list();
    tool.close();
    return children.map(({ id }) => {
      const [token = '', name = ''] = id.split('-');
      return { name, token: Number(token.slice(1)) };
    });
  }

  /** Every act in the store, beside the token that led at that very revision. */
  async written(): Promise<{ readonly token: number; readonly led: number | null }[]> {
    const store = await openLmdbStore(this.place('store'), { role: 'reader' });
    const { revision } = await store.get('leader');
    const found: { token: number; led: number | null }[] = [];
    let led: number | null = null;
    const watch = store.watch('', { after: 0 });
    while (watch.revision < revision) {
      const { value: item } = await watch.next();
      if (item.kind === 'resync') throw new Error('the history is not whole');
      for (const change of item.changes) {
        const key = change.kind === 'put' ? change.entry.key : change.key;
        if (key === 'leader') led = change.kind === 'put' ? item.revision : null;
        else if (change.kind === 'put') {
          found.push({ token: Number(new TextDecoder().decode(change.entry.value)), led });
        }
      }
    }
    await store.close();
    return found;
  }

  /** Whatever the test did. */
  async clean(): Promise<void> {
    await this.end();
    this.agent?.close();
    const state = readFileSync(join(this.place('agent'), 'agent.json'), 'utf8');
    for (const pid of markedBy(JSON.parse(state).agent)) process.kill(pid, 'SIGKILL');
    rmSync(this.directory, { recursive: true });
  }

  private place(name: string): string {
    return join(this.directory, name);
  }

  private heard(candidate: Candidate, said: Said): void {
    const { name } = candidate;
    candidate.said.push(said);
    if (said.leads !== undefined) this.tenures.push({ name, token: said.leads });
    if (said.act !== undefined) this.acts.push({ name, token: said.act });
    if (said.deposed !== undefined) this.deposed.add(said.deposed);
    if (said.stuck !== undefined) this.stuck.add(said.stuck);
  }
}
