/**
 * What most cells never need: children, watchers, timers, a stash, hooks, streams. Made on first
 * use, so that an idle actor stays small. Owned by its cell; plain data.
 */

import type { Reply } from '../actor/reply.ts';
import type { StreamSources } from '../actor/stream-source.ts';
import type { Watchers } from '../host/watches.ts';
import type { Tap } from '../observe/tap.ts';
import type { ActorTimers } from '../timers/actor-timers.ts';
import type { TimerNode } from '../timers/timer-wheel.ts';
import type { ChildList, Exit } from './child-list.ts';

/** A message outside a mailbox. */
export type HeldMessage = {
  readonly name: string;
  readonly payload: unknown;
  readonly reply: Reply | null;
};

/** An exit under way. */
export type ExitProgress = {
  exit: Exit;
  /** Whether it happened before `setup` had finished. */
  readonly isAtStart: boolean;
  /** What has ended so far. */
  step: 'handler' | 'children' | 'hooks' | 'finished';
  deadline: TimerNode | null;
  /** Called when nothing is left, by whoever asked for the end. */
  done: (() => void)[];
};

/** The rare parts of a cell. */
export class CellExtras {
  /** Path, for a named actor. */
  path: string | null = null;
  children: ChildList | null = null;
  /** Those who want to hear of the end. */
  watchers: Watchers | null = null;
  /** Cancels each watch that this incarnation holds, by the watched ref's key. */
  watching: Map<string, () => void> | null = null;
  timers: ActorTimers | null = null;
  stash: HeldMessage[] | null = null;
  /** Run at the end of the incarnation, the last one first. */
  stopHooks: (() => unknown)[] | null = null;
  /** Gives the state that the next incarnation gets as `ctx.restored`. */
  snapshot: (() => unknown) | null = null;
  restored: unknown = undefined;
  streams: StreamSources | null = null;
  /** Senders of `send` that wait for room, oldest first. */
  waiters: HeldMessage[] | null = null;
  exit: ExitProgress | null = null;
  /** Listens to its messages, while somebody traces it. */
  tap: Tap | null = null;
  startDeadline: TimerNode | null = null;
  /** The abort signal of this incarnation. */
  abort: AbortController | null = null;
}
