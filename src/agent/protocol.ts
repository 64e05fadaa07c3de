/**
 * What the agent and those who talk to it say to each other: one JSON object a line, over a local
 * socket that only the owner can open. A request that has an `id` is answered with it. The brain
 * and tools are clients; the agent never calls anybody.
 *
 * Every act carries the epoch of whoever orders it (a fencing token, see the store's revisions). The
 * agent refuses an epoch lower than the highest it has seen, and remembers that one on disk.
 */
import { AgentError, type AgentErrorCode, agentError } from './errors.ts';

/** A process to start. */
export type ChildSpec = {
  readonly command: string;
  readonly args?: readonly string[];
  /** Default: the agent's. */
  readonly cwd?: string;
  /** Added to the agent's own environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** Bytes of output that are kept, on disk. Default and range: see OutputFile. */
  readonly outputBytesMax?: number;
  /** Told again with every report of it, also by the agent after this one: short texts. */
  readonly labels?: Readonly<Record<string, string>>;
};

/** How a process ended; both null: it ended while no agent was there to see it. */
export type ChildExit = {
  readonly code: number | null;
  readonly signal: string | null;
  /** Somebody has ended it on purpose while no agent was there. Absent: nobody is known to have. */
  readonly isDismissed?: true;
};

/** A child as the agent knows it. */
export type ChildReport = {
  readonly id: string;
  readonly status: 'running' | 'exited';
  readonly pid: number | null;
  /** Start time in clock ticks since boot, as text: with the pid it names one process for ever. */
  readonly startTicks: string | null;
  /** Whether it was started by an agent before this one. */
  readonly isAdopted: boolean;
  /** Null while it runs. */
  readonly exit: ChildExit | null;
  /** As it was started with; empty: with none, or only its mark told of it. */
  readonly labels: Readonly<Record<string, string>>;
};

/** What the brain has last been seen doing. */
export type BrainReport = {
  readonly status: string;
  readonly pid: number | null;
  readonly restarts: number;
  readonly reason: string | null;
};

/** Everything a client can ask. */
export type Act =
  | { readonly do: 'hello'; readonly pid: number; readonly heapLimitBytes: number }
  | { readonly do: 'beat'; readonly events: readonly unknown[] }
  | {
      readonly do: 'start';
      readonly epoch: number;
      readonly child: string;
      readonly spec: ChildSpec;
    }
  | {
      readonly do: 'signal';
      readonly epoch: number;
      readonly child: string;
      readonly signal: string;
    }
  | { readonly do: 'forget'; readonly epoch: number; readonly child: string }
  | { readonly do: 'list' }
  | { readonly do: 'status' }
  | { readonly do: 'restart-brain' };

/** An act with the number by which it is answered; without one nobody waits. */
export type Request = Act & { readonly id?: number };

/** An error as data. */
export type Failure = {
  readonly code: AgentErrorCode;
  readonly message: string;
  readonly data: Readonly<Record<string, unknown>>;
};

/** What the agent says. */
export type Response =
  | { readonly id: number; readonly ok: unknown }
  | { readonly id: number; readonly failure: Failure }
  | { readonly event: 'exit'; readonly child: ChildReport };

/**
 * Bytes of one line. Higher: larger specs and more events in a beat. Lower: a client that sends
 * garbage is cut off earlier.
 */
export const LINE_BYTES_MAX = 1_048_576;

const NEWLINE = 10;

/** One message as it travels; any plain data, by whoever else talks in lines. */
export function lineOf(message: object): string {
  return `${JSON.stringify(message)}\n`;
}

/** Puts lines together from what a socket delivers. */
export class LineReader {
  private readonly bytesMax: number;
  private pieces: Uint8Array[] = [];
  private bytes = 0;

  /** `bytesMax`: of a line. */
  constructor(bytesMax: number = LINE_BYTES_MAX) {
    this.bytesMax = bytesMax;
  }

  /**
   * Takes a piece. @returns the messages that it completes
   * @throws RM_AGENT_MESSAGE for a line that is too long or no JSON object
   */
  take(piece: Uint8Array): readonly unknown[] {
    const messages: unknown[] = [];
    let from = 0;
    for (;;) {
      const end = piece.indexOf(NEWLINE, from);
      this.keep(piece.subarray(from, end < 0 ? piece.length : end));
      if (end < 0) return messages;
      messages.push(this.message());
      from = end + 1;
    }
  }

  private keep(piece: Uint8Array): void {
    this.bytes += piece.length;
    if (this.bytes > this.bytesMax) {
      throw agentError(
        'RM_AGENT_MESSAGE',
        `a message of more than ${this.bytesMax} bytes; send less in one.`,
        { bytes: this.bytes },
      );
    }
    this.pieces.push(piece);
  }

  private message(): unknown {
    const text = Buffer.concat(this.pieces).toString('utf8');
    this.pieces = [];
    this.bytes = 0;
    try {
      const message: unknown = JSON.parse(text);
      if (typeof message === 'object' && message !== null) return message;
    } catch {
      // Said below.
    }
    throw agentError('RM_AGENT_MESSAGE', `a message is no JSON object: ${text.slice(0, 80)}`);
  }
}

/** As it travels. */
export function failureOf(error: unknown): Failure {
  if (error instanceof AgentError) {
    const { code, message, data } = error;
    return { code, message, data };
  }
  return { code: 'RM_AGENT_CHILD', message: `RM_AGENT_CHILD: ${String(error)}`, data: {} };
}

/** As it was. */
export function errorOf({ code, message, data }: Failure): AgentError {
  return new AgentError(code, message.slice(code.length + 2), data);
}

const TEXT = (value: unknown): boolean => typeof value === 'string' && value.length > 0;
const EPOCH = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0;

/** What each act must have, beside its name. */
const FIELDS: Readonly<Record<string, Readonly<Record<string, (value: unknown) => boolean>>>> = {
  hello: { pid: Number.isSafeInteger, heapLimitBytes: Number.isFinite },
  beat: { events: Array.isArray },
  start: { epoch: EPOCH, child: TEXT, spec: isSpec },
  signal: { epoch: EPOCH, child: TEXT, signal: TEXT },
  forget: { epoch: EPOCH, child: TEXT },
  list: {},
  status: {},
  'restart-brain': {},
};

/** A message as a request. @throws RM_AGENT_MESSAGE naming the field that is missing or wrong */
export function requestOf(message: unknown): Request {
  const fields = message as { readonly do?: unknown } & Readonly<Record<string, unknown>>;
  const wanted = Object.hasOwn(FIELDS, String(fields.do)) ? FIELDS[String(fields.do)] : undefined;
  if (wanted === undefined) {
    const known = Object.keys(FIELDS).join(', ');
    throw agentError('RM_AGENT_MESSAGE', `do is ${String(fields.do)}; expected ${known}.`);
  }
  for (const [name, isGood] of Object.entries(wanted)) {
    if (isGood(fields[name])) continue;
    const got = JSON.stringify(fields[name])?.slice(0, 80);
    throw agentError('RM_AGENT_MESSAGE', `${String(fields.do)} with ${name} ${got}.`, { name });
  }
  return message as Request;
}

function isSpec(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const spec = value as Readonly<Record<string, unknown>>;
  const { command, args, cwd, env, outputBytesMax, labels } = spec;
  return (
    TEXT(command) &&
    (args === undefined || (Array.isArray(args) && args.every((one) => typeof one === 'string'))) &&
    (cwd === undefined || TEXT(cwd)) &&
    (env === undefined || isTexts(env)) &&
    (labels === undefined || isTexts(labels)) &&
    (outputBytesMax === undefined || Number.isSafeInteger(outputBytesMax))
  );
}

function isTexts(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return Object.values(value).every((one) => typeof one === 'string');
}
