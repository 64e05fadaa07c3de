/**
 * Questions that an AbortSignal calls off: one listener for each signal, however many questions
 * share it, since adding and removing one costs more than a question. A group without questions
 * gives its listener back, or it would keep a signal alive that nobody holds; only that of the
 * last signal stays, for the next question.
 */

/** What an abort ends. Its two fields belong to the group. */
export interface Abortable {
  signals: SignalGroup | null;
  /** Its place in the group. */
  signalPlace: number;
  abort(signal: AbortSignal): void;
}

/** The open questions of one signal. */
export class SignalGroup {
  readonly signal: AbortSignal;
  private readonly owner: SignalGroups;
  private readonly members: Abortable[];
  private readonly listener: () => void;

  constructor(signal: AbortSignal, owner: SignalGroups) {
    this.signal = signal;
    this.owner = owner;
    this.members = [];
    this.listener = () => this.abort();
    signal.addEventListener('abort', this.listener, { once: true });
  }

  get isEmpty(): boolean {
    return this.members.length === 0;
  }

  add(member: Abortable): void {
    member.signals = this;
    member.signalPlace = this.members.length;
    this.members.push(member);
  }

  /** A question has been settled. The last one takes its place. */
  leave(member: Abortable): void {
    const { members } = this;
    const last = members.pop();
    if (last !== undefined && last !== member) {
      members[member.signalPlace] = last;
      last.signalPlace = member.signalPlace;
    }
    member.signals = null;
    if (members.length === 0) this.owner.emptied(this);
  }

  unlisten(): void {
    this.signal.removeEventListener('abort', this.listener);
  }

  private abort(): void {
    // Each leaves while it is told; new ones find a signal that has aborted.
    for (const member of [...this.members]) member.abort(this.signal);
  }
}

/** The groups of one thread. Thread rule: its host's thread. */
export class SignalGroups {
  private readonly groups: Map<AbortSignal, SignalGroup>;
  private last: SignalGroup | null;

  constructor() {
    this.groups = new Map();
    this.last = null;
  }

  /** Tells `member` when `signal` aborts, unless it leaves first; at once if it has. */
  join(member: Abortable, signal: AbortSignal): void {
    if (signal.aborted) {
      member.abort(signal);
      return;
    }
    const { last } = this;
    const group = last !== null && last.signal === signal ? last : this.turnTo(signal);
    group.add(member);
  }

  emptied(group: SignalGroup): void {
    if (group !== this.last) this.drop(group);
  }

  private turnTo(signal: AbortSignal): SignalGroup {
    const { last } = this;
    if (last?.isEmpty === true) this.drop(last);
    let group = this.groups.get(signal);
    if (group === undefined) {
      group = new SignalGroup(signal, this);
      this.groups.set(signal, group);
    }
    this.last = group;
    return group;
  }

  private drop(group: SignalGroup): void {
    group.unlisten();
    this.groups.delete(group.signal);
  }
}
