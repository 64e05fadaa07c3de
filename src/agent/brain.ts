/**
 * The shell around the brain's machine: starts its process, tells the machine what becomes of it,
 * does what the machine says, writes crash reports. One brain at a time.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import type { BrainConfig } from './brain.config.ts';
import {
  type BrainEffect,
  type BrainInput,
  type BrainState,
  brainDown,
  brainFound,
  step,
} from './brain.machine.ts';
import { childEnvironment } from './children.ts';
import { writeCrashReport } from './crash-reports.ts';
import { OutputFile } from './output-file.ts';
import {
  endGroup,
  type Identity,
  identityOf,
  isAlive,
  marked,
  sessionOf,
  signalGroup,
} from './processes.ts';
import type { BrainReport, ChildExit } from './protocol.ts';
import { chance, monotonicMs } from './system-time.ts';

/** The brain's name among the agent's processes. */
export const BRAIN = 'brain';
/** Environment variable in which a brain finds its agent's socket. */
export const SOCKET_VARIABLE = 'RINGMASTER_AGENT_SOCKET';
/** Events of the flight recorder that are kept for a crash report. */
const EVENTS_MAX = 256;
/** Bytes of its output in a crash report. */
const OUTPUT_TAIL_BYTES = 8192;

/** How to start it. */
export type BrainOptions = {
  readonly command: string;
  readonly args: readonly string[];
  readonly config: BrainConfig;
  /** Where crash reports and its output go. */
  readonly directory: string;
  /** Mark of the agent's processes, and where it listens. */
  readonly agent: string;
  readonly socket: string;
  /** `inherit`: to the agent's own output. */
  readonly output: 'file' | 'inherit';
  /** Something a person should read. */
  readonly say: (text: string) => void;
  /** The brain has ended for good. */
  readonly ended: (code: number) => void;
};

/** Thread rule: the agent's only thread. */
export class Brain {
  private readonly options: BrainOptions;
  private readonly output: OutputFile;
  private state: BrainState;
  private who: Identity | null;
  /** Null for one that an agent before this one has started. */
  private child: ChildProcess | null;
  private startedMs: number;
  private restarts: number;
  private heapLimitBytes: number | null;
  private events: unknown[];
  private isClosed: boolean;

  constructor(options: BrainOptions) {
    this.options = options;
    this.output = new OutputFile(join(options.directory, `${BRAIN}.log`));
    this.state = brainDown(options.config);
    this.who = null;
    this.child = null;
    this.startedMs = 0;
    this.restarts = 0;
    this.heapLimitBytes = null;
    this.events = [];
    this.isClosed = false;
  }

  /** Takes over a brain that runs, or starts one. */
  begin(): void {
    const found = marked(this.options.agent).find(({ id }) => id === BRAIN);
    if (found === undefined) {
      this.feed({ kind: 'start', nowMs: monotonicMs() });
      return;
    }
    this.who = found.who;
    this.startedMs = monotonicMs();
    this.state = brainFound(this.options.config, this.startedMs);
    this.options.say(`the brain runs already, pid ${found.who.pid}`);
  }

  /** A brain has introduced itself. @returns whether it is ours */
  hello(pid: number, heapLimitBytes: number): boolean {
    if (!this.owns(pid)) return false;
    this.heapLimitBytes = heapLimitBytes;
    this.beat([]);
    return true;
  }

  /** Whether that process is the brain, or runs in its session: it may be started by a script. */
  owns(pid: number): boolean {
    return this.who !== null && (pid === this.who.pid || sessionOf(pid) === this.who.pid);
  }

  /** A sign of life, with what its flight recorder has noted since the last. */
  beat(events: readonly unknown[]): void {
    this.events.push(...events.slice(-EVENTS_MAX));
    if (this.events.length > EVENTS_MAX) this.events = this.events.slice(-EVENTS_MAX);
    this.feed({ kind: 'beat', nowMs: monotonicMs() });
  }

  /** Time passes. `isLate`: the agent itself was held up. */
  look(isLate: boolean): void {
    this.output.trim();
    if (this.child === null && this.who !== null && !isAlive(this.who)) {
      this.exited({ code: null, signal: null });
    }
    this.feed({ kind: 'tick', nowMs: monotonicMs(), isLate });
  }

  /** Ends it; the second time by force. */
  stop(): void {
    this.feed({ kind: 'stop', nowMs: monotonicMs() });
  }

  /** Starts it again after a crash loop. */
  restart(): void {
    this.feed({ kind: 'start', nowMs: monotonicMs() });
  }

  report(): BrainReport {
    const { status, reason } = this.state;
    return { status, pid: this.who?.pid ?? null, restarts: this.restarts, reason };
  }

  /** From now on it is somebody else's: its end starts no other one. */
  close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.child?.unref();
    this.output.close();
  }

  private feed(input: BrainInput): void {
    if (this.isClosed) return;
    const { state, effects } = step(this.state, input);
    const exit = input.kind === 'exit' ? { code: input.code, signal: input.signal } : null;
    const ran = { pid: this.who?.pid ?? null, ranMs: monotonicMs() - this.startedMs };
    if (state.status === 'looping' && this.state.status !== 'looping') {
      this.options.say(
        `the brain is in a crash loop and is left down: ${state.reason}. Read the reports in ` +
          `${join(this.options.directory, 'crashes')}, then order its restart. Children go on.`,
      );
    }
    this.state = state;
    if (exit !== null) this.who = null;
    for (const effect of effects) this.perform(effect, exit, ran);
  }

  private perform(
    effect: BrainEffect,
    exit: ChildExit | null,
    ran: { readonly pid: number | null; readonly ranMs: number },
  ): void {
    switch (effect.do) {
      case 'spawn':
        if (exit !== null || this.startedMs > 0) this.restarts++;
        this.spawn();
        return;
      case 'kill':
        if (this.who !== null && isAlive(this.who)) signalGroup(this.who.pid, effect.signal);
        return;
      case 'report':
        this.writeReport(effect.reason, exit, ran);
        return;
      case 'end':
        this.options.ended(effect.code);
    }
  }

  private spawn(): void {
    const { command, args, agent, socket, output } = this.options;
    const sink = output === 'file' ? this.output.fd : 'inherit';
    this.startedMs = monotonicMs();
    let child: ChildProcess;
    try {
      child = spawn(command, [...args], {
        env: childEnvironment({ [SOCKET_VARIABLE]: socket }, agent, BRAIN),
        stdio: ['ignore', sink, sink],
        detached: true,
      });
    } catch (error) {
      this.cannotStart(error);
      return;
    }
    this.child = child;
    this.who = child.pid === undefined ? null : identityOf(child.pid);
    child.once('error', (error) => {
      if (child.pid === undefined) this.cannotStart(error);
    });
    child.once('exit', (code, signal) => {
      if (this.child !== child || this.isClosed) return;
      // What it has left running in its group, such as itself behind a script, goes with it.
      if (child.pid !== undefined) endGroup(child.pid);
      this.exited({ code, signal });
    });
  }

  private cannotStart(error: unknown): void {
    this.options.say(`the brain cannot be started: ${String(error)}`);
    this.exited({ code: 127, signal: null });
  }

  private exited(exit: ChildExit): void {
    this.child = null;
    this.feed({ kind: 'exit', nowMs: monotonicMs(), ...exit, chance: chance() });
  }

  private writeReport(
    reason: string,
    exit: ChildExit | null,
    ran: { readonly pid: number | null; readonly ranMs: number },
  ): void {
    const { directory, say } = this.options;
    const events = this.events;
    this.events = [];
    try {
      const path = writeCrashReport(join(directory, 'crashes'), {
        reason,
        ...ran,
        exitCode: exit?.code ?? null,
        signal: exit?.signal ?? null,
        heapLimitBytes: this.heapLimitBytes,
        events,
        output: this.output.tail(OUTPUT_TAIL_BYTES),
      });
      say(`the brain ended: ${reason}; report: ${path}`);
    } catch (error) {
      say(`the brain ended: ${reason}; no report could be written: ${String(error)}`);
    }
  }
}
