/**
 * How many messages an actor may have waiting, and what happens to one more. Checked when an actor
 * is defined or spawned. System messages (stop, restart, watch) do not wait here and are never
 * refused.
 */
import { runtimeError } from '../errors.ts';

/**
 * What a full mailbox does with one more `tell`. `reject`: refuses it; the sender is told `full`
 * and keeps it. `drop-newest`: accepts it and hands it to the dead letters. `drop-oldest`: accepts
 * it and hands the longest waiting one to the dead letters. `wait`: as `reject` for `tell`; `await
 * ref.send(...)` waits for room, in order.
 */
export type OverflowPolicy = 'reject' | 'drop-newest' | 'drop-oldest' | 'wait';

/** Options of one mailbox. */
export type MailboxOptions = {
  /** Messages that may wait; 1 to 1,048,576. Default 16,384. */
  readonly capacity?: number;
  /** Default `reject`. */
  readonly overflow?: OverflowPolicy;
  /** With `wait`: senders that may wait; 1 to 65,536. More are refused. Default 1,024. */
  readonly waitersMax?: number;
};

/** Options with every default filled in. */
export type MailboxLimits = Required<MailboxOptions>;

/**
 * Messages that wait before an actor counts as full. Range: 1..2^20. Higher: longer bursts and more
 * memory (24 bytes a message and its payload) before a sender hears `full`. Lower: back-pressure
 * sooner, and a sender on another thread that is told `full` more often. Source:
 * bench/results/B4.json: above 8,192 the ring between two threads is the narrower place.
 */
export const MAILBOX_CAPACITY_DEFAULT = 16_384;
const CAPACITY_MAX = 1_048_576;
const WAITERS_DEFAULT = 1024;
const WAITERS_MAX = 65_536;

const DEFAULTS: MailboxLimits = {
  capacity: MAILBOX_CAPACITY_DEFAULT,
  overflow: 'reject',
  waitersMax: WAITERS_DEFAULT,
};
const POLICIES: readonly string[] = ['reject', 'drop-newest', 'drop-oldest', 'wait'];

/** Checks and completes. @throws RM_MAILBOX_OPTION */
export function mailboxLimits(options: MailboxOptions | undefined): MailboxLimits {
  if (options === undefined) return DEFAULTS;
  const limits = { ...DEFAULTS, ...options };
  checkInteger('mailbox.capacity', limits.capacity, CAPACITY_MAX);
  checkInteger('mailbox.waitersMax', limits.waitersMax, WAITERS_MAX);
  if (!POLICIES.includes(limits.overflow)) {
    const cure = `one of ${POLICIES.join(', ')}`;
    throw runtimeError(
      'RM_MAILBOX_OPTION',
      `mailbox.overflow is ${limits.overflow}; expected ${cure}.`,
    );
  }
  return limits;
}

function checkInteger(name: string, got: number, max: number): void {
  if (Number.isInteger(got) && got >= 1 && got <= max) return;
  throw runtimeError(
    'RM_MAILBOX_OPTION',
    `${name} is ${got}; expected an integer from 1 to ${max}.`,
  );
}
