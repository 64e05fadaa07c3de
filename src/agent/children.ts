/**
 * The processes that the agent keeps for the brain. Starting is idempotent by id: who asks twice
 * gets the same process, and one that has ended is not started again under its id. Each leads a
 * process group of its own, writes to files, and goes on when the agent dies; the next agent in the
 * directory finds it by a mark in its environment.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import type { AgentState, ChildRecord } from './agent-state.ts';
import { agentError } from './errors.ts';
import type { OutputFile } from './output-file.ts';
import { OutputFolder } from './output-folder.ts';
import {
  AGENT_MARK,
  CHILD_MARK,
  endGroup,
  type Identity,
  identityOf,
  isAlive,
  marked,
  signalGroup,
} from './processes.ts';
import type { ChildExit, ChildReport, ChildSpec } from './protocol.ts';

/** Children that are remembered, running or ended. More are refused: forget those that ended. */
export const CHILDREN_MAX = 10_000;
/** Whom the mark of a child must not be taken for. */
const RESERVED = 'brain';
/** Names are also names of files. */
const ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

/** One that runs. */
type Running = { readonly who: Identity; readonly output: OutputFile | null; isAdopted: boolean };

/** Thread rule: the agent's only thread. */
export class Children {
  private readonly state: AgentState;
  private readonly outputs: OutputFolder;
  private readonly ended: (child: ChildReport) => void;
  private readonly running: Map<string, Running>;
  /** Those that are just being started; each settles when it runs or cannot. */
  private readonly starting: Map<string, Promise<void>>;

  /** `folder` is for their output; `ended` is called once for each that ends, never inside `start`. */
  constructor(state: AgentState, folder: string, ended: (child: ChildReport) => void) {
    this.state = state;
    this.outputs = new OutputFolder(folder);
    this.ended = ended;
    this.running = new Map();
    this.starting = new Map();
  }

  /** Finds the children of the agent before this one, and says which ended meanwhile. */
  adopt(except: string): void {
    for (const { id, who } of marked(this.state.agent)) {
      if (id === except || this.running.has(id)) continue;
      const record = this.state.children.get(id);
      const { pid, startTicks } = who;
      // What a child has started may carry its mark and outlive it.
      if (record !== undefined && !couldBe(record, who)) continue;
      const known = record ?? { id, spec: '', exit: null };
      this.state.put({ ...known, pid, startTicks }, 'later');
      const output = this.outputIfAny(id, record?.outputBytesMax);
      this.running.set(id, { who, output, isAdopted: true });
    }
    for (const record of this.state.children.values()) {
      if (record.exit !== null || this.running.has(record.id)) continue;
      this.state.put({ ...record, exit: { code: null, signal: null } }, 'later');
    }
    this.state.flush();
    this.outputs.sweep((id) => this.state.children.has(id));
  }

  /**
   * Starts a process, unless that id was started before. @returns how it is now
   * @throws RM_AGENT_CHILD for a bad id, another spec under a known id, or what cannot be started
   */
  async start(id: string, spec: ChildSpec): Promise<ChildReport> {
    if (!ID.test(id) || id === RESERVED) {
      const message = `child ${id.slice(0, 140)}; expected a name like ${ID}, not ${RESERVED}.`;
      throw agentError('RM_AGENT_CHILD', message);
    }
    const hash = createHash('sha256').update(JSON.stringify(spec)).digest('hex').slice(0, 32);
    const known = this.state.children.get(id);
    if (known !== undefined) {
      // A record without a hash is of a child that only its mark told of.
      if (known.spec === hash || known.spec === '') {
        await this.starting.get(id);
        return this.report(id);
      }
      const message = `child ${id} was started with another spec; use another id.`;
      throw agentError('RM_AGENT_CHILD', message, { child: id });
    }
    if (this.state.children.size >= CHILDREN_MAX) {
      const message = `${CHILDREN_MAX} children are known; forget those that have ended.`;
      throw agentError('RM_AGENT_BUSY', message);
    }
    const begun = this.begin(id, spec, hash).finally(() => this.starting.delete(id));
    this.starting.set(id, begun);
    await begun;
    return this.report(id);
  }

  /** Signals a child and its group. @returns whether it was running. @throws RM_AGENT_CHILD */
  async signal(id: string, signal: string): Promise<boolean> {
    await this.starting.get(id);
    const child = this.running.get(id);
    this.expectKnown(id);
    if (!/^SIG[A-Z0-9]+$/.test(signal)) {
      throw agentError('RM_AGENT_CHILD', `signal is ${signal}; expected one like SIGTERM.`);
    }
    // Looked at again: a pid that somebody else has now must not be signalled.
    if (child === undefined || !isAlive(child.who)) return false;
    return signalGroup(child.who.pid, signal as NodeJS.Signals);
  }

  /** Drops the record of a child that has ended. @throws RM_AGENT_CHILD when it runs */
  forget(id: string): void {
    this.expectKnown(id);
    if (this.running.has(id) || this.starting.has(id)) {
      throw agentError('RM_AGENT_CHILD', `child ${id} runs; end it first.`, { child: id });
    }
    this.state.forget(id);
    this.state.flush();
    this.outputs.forget(id);
  }

  list(): readonly ChildReport[] {
    return [...this.state.children.keys()].map((id) => this.report(id));
  }

  /** Looks after adopted children, which nobody reports, and after everybody's output. */
  look(): void {
    for (const [id, { who, output, isAdopted }] of this.running) {
      output?.trim();
      if (isAdopted && !isAlive(who)) this.end(id, { code: null, signal: null });
    }
    this.state.flush();
  }

  /** Remembers it, starts it. @throws RM_AGENT_CHILD */
  private async begin(id: string, spec: ChildSpec, hash: string): Promise<void> {
    const { outputBytesMax, labels } = spec;
    const record: ChildRecord = {
      id,
      spec: hash,
      pid: null,
      startTicks: null,
      exit: null,
      ...(outputBytesMax === undefined ? {} : { outputBytesMax }),
      ...(labels === undefined ? {} : { labels }),
    };
    try {
      this.state.put(record, 'durable');
      await this.spawn(spec, record);
    } catch (error) {
      // It never ran: the same id may be tried again.
      this.state.forget(id);
      this.state.flush();
      this.outputs.forget(id);
      const message = `child ${id} cannot be started: ${String(error)}`;
      throw agentError('RM_AGENT_CHILD', message, { child: id, command: spec.command }, error);
    }
  }

  private async spawn(spec: ChildSpec, record: ChildRecord): Promise<void> {
    const { id } = record;
    const output = this.outputs.open(id, spec.outputBytesMax);
    let child: ChildProcess;
    try {
      // What is too long, for one, it throws; what is not there comes as an event.
      child = spawn(spec.command, [...(spec.args ?? [])], {
        ...(spec.cwd === undefined ? {} : { cwd: spec.cwd }),
        env: childEnvironment(spec.env, this.state.agent, id),
        stdio: ['ignore', output.fd, output.fd],
        detached: true,
      });
      await spawned(child);
    } catch (error) {
      output.close();
      throw error;
    }
    const pid = child.pid as number;
    // Gone already: its exit comes with the next event.
    const who = identityOf(pid) ?? { pid, startTicks: '' };
    this.running.set(id, { who, output, isAdopted: false });
    this.state.put({ ...record, pid, startTicks: who.startTicks }, 'now');
    child.once('exit', (code, signal) => {
      // Whatever it has left running in its group goes with it.
      endGroup(pid);
      this.end(id, { code, signal });
    });
    child.unref();
  }

  private end(id: string, exit: ChildExit): void {
    const child = this.running.get(id);
    if (child === undefined) return;
    this.running.delete(id);
    child.output?.trim();
    child.output?.close();
    const record = this.state.children.get(id) as ChildRecord;
    this.state.put({ ...record, exit }, 'later');
    this.ended(this.report(id));
  }

  private report(id: string): ChildReport {
    const { pid, startTicks, exit, labels = {} } = this.state.children.get(id) as ChildRecord;
    const child = this.running.get(id);
    const status = child === undefined && !this.starting.has(id) ? 'exited' : 'running';
    return { id, status, pid, startTicks, isAdopted: child?.isAdopted ?? false, exit, labels };
  }

  private expectKnown(id: string): void {
    if (this.state.children.has(id)) return;
    throw agentError('RM_AGENT_CHILD', `no child ${id}; it was never started, or forgotten.`, {
      child: id,
    });
  }

  /** A child that runs is worth more than the bound of its output. */
  private outputIfAny(id: string, bytesMax: number | undefined): OutputFile | null {
    try {
      return this.outputs.open(id, bytesMax);
    } catch {
      return null;
    }
  }
}

/** Whether a process with a child's mark is that child, and not what it has left behind. */
function couldBe({ pid, startTicks, exit }: ChildRecord, who: Identity): boolean {
  if (exit !== null) return false;
  return pid === null || (pid === who.pid && startTicks === who.startTicks);
}

/** The agent's own environment, what was asked for, and the marks. */
export function childEnvironment(
  env: Readonly<Record<string, string>> | undefined,
  agent: string,
  id: string,
): NodeJS.ProcessEnv {
  return { ...process.env, ...env, [AGENT_MARK]: agent, [CHILD_MARK]: id };
}

/** Resolves when it runs. */
export function spawned(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', reject);
  });
}
