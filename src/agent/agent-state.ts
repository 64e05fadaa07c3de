/**
 * What the agent remembers on disk: who it is, the highest epoch it has seen, its children. Written
 * before a child is started and before an epoch is obeyed; how a child ended is written soon after.
 */
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { agentError } from './errors.ts';
import type { ChildExit } from './protocol.ts';
import { replaceFile } from './replaced-file.ts';

/** Its name in the agent's directory. */
export const AGENT_FILE = 'agent.json';

/** One child on disk. A pid of null: it was about to be started. */
export type ChildRecord = {
  readonly id: string;
  /** Hash of what was to be started: the same id with another spec is a mistake. */
  readonly spec: string;
  readonly pid: number | null;
  readonly startTicks: string | null;
  readonly exit: ChildExit | null;
  /** The bound of its output; absent: the default. */
  readonly outputBytesMax?: number;
  readonly labels?: Readonly<Record<string, string>>;
};

type Stored = {
  readonly version: 1;
  readonly agent: string;
  readonly epoch: number;
  readonly children: readonly ChildRecord[];
};

/** Thread rule: the agent's only thread. */
export class AgentState {
  /** Names this agent's processes, also for the agent that comes after it in this directory. */
  readonly agent: string;
  readonly children: Map<string, ChildRecord>;
  private readonly path: string;
  private highest: number;
  private readonly say: (text: string) => void;
  private isDirty: boolean;
  private isFailing: boolean;

  /**
   * `say`: something a person should read.
   * @throws RM_AGENT_STATE for a file that is there and cannot be understood; it is left alone
   */
  constructor(path: string, say: (text: string) => void) {
    const stored = read(path);
    this.path = path;
    this.say = say;
    this.isFailing = false;
    this.agent = stored?.agent ?? randomUUID();
    this.highest = stored?.epoch ?? 0;
    this.children = new Map((stored?.children ?? []).map((one) => [one.id, one]));
    this.isDirty = false;
    if (stored === null) this.write(true, 0);
  }

  /** The highest epoch seen. */
  get epoch(): number {
    return this.highest;
  }

  /** Lets an act of that epoch pass. @throws RM_AGENT_FENCED when a later one has been here */
  pass(epoch: number): void {
    if (epoch < this.highest) {
      throw agentError(
        'RM_AGENT_FENCED',
        `epoch ${epoch} was deposed by ${this.highest}; whoever acts for it has to stop.`,
        { epoch, highest: this.highest },
      );
    }
    if (epoch === this.highest) return;
    // First: an epoch that could not be written is not obeyed, the next time neither.
    this.write(true, epoch);
    this.highest = epoch;
  }

  /**
   * Remembers a child. `durable`: on disk before this returns, or it throws and nothing is
   * remembered; `now`: known to the agent after this one, unless the machine loses power or the disk
   * is full; `later`: at the next `flush`.
   */
  put(record: ChildRecord, when: 'durable' | 'now' | 'later'): void {
    const before = this.children.get(record.id);
    this.children.set(record.id, record);
    if (when !== 'durable') this.isDirty = true;
    if (when === 'now') this.flush();
    if (when !== 'durable') return;
    try {
      this.write(true, this.highest);
    } catch (error) {
      if (before === undefined) this.children.delete(record.id);
      else this.children.set(record.id, before);
      throw error;
    }
  }

  forget(id: string): void {
    this.children.delete(id);
    this.isDirty = true;
  }

  /** Writes what waits. What cannot be written now (the disk is full) waits for the next time. */
  flush(): void {
    if (!this.isDirty) return;
    try {
      this.write(false, this.highest);
      this.isFailing = false;
    } catch (error) {
      if (!this.isFailing) {
        this.say(
          `${this.path} cannot be written: ${String(error)}. It is tried again; an agent that comes ` +
            'after this one would not know of the last changes.',
        );
      }
      this.isFailing = true;
    }
  }

  private write(isDurable: boolean, epoch: number): void {
    const stored: Stored = {
      version: 1,
      agent: this.agent,
      epoch,
      children: [...this.children.values()],
    };
    replaceFile(this.path, JSON.stringify(stored), isDurable);
    this.isDirty = false;
  }
}

function read(path: string): Stored | null {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw unreadable(path, error);
  }
  try {
    const stored = JSON.parse(text) as Stored;
    if (stored.version === 1 && Number.isSafeInteger(stored.epoch) && stored.agent.length > 0) {
      return stored;
    }
  } catch (error) {
    throw unreadable(path, error);
  }
  throw unreadable(path, undefined);
}

function unreadable(path: string, cause: unknown): Error {
  return agentError(
    'RM_AGENT_STATE',
    `${path} cannot be understood (expected version 1); it is left as it is. It holds the highest ` +
      'epoch and the name of this agent: without them a deposed brain could act again, and nothing ' +
      'that runs is found. Restore it, or end the brain and all children, and remove it.',
    { path },
    cause,
  );
}
