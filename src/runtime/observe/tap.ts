/**
 * Listens to the messages of one actor, where somebody traces it: a handler is wrapped when it is looked up,
 * so that an actor that nobody traces pays nothing. What it handles, and how, stays as it was: its handlers
 * are not touched, and the wrapper gives back what the handler gave, and throws what it threw.
 */
import { inspect } from 'node:util';
import type { Handler } from '../actor/handlers.ts';
import type { Cell } from '../cell/cell.ts';
import { sourceText } from './source-text.ts';
import { TRACED_MAX, type TraceBudget, type TracedMessage } from './trace.ts';

/** Levels and entries of a payload's text. Higher: more memory for each message. */
const PAYLOAD = {
  depth: 4,
  maxArrayLength: 20,
  // A text that is cut is cut at the end only, where a secret in two is looked for.
  maxStringLength: TRACED_MAX.payload,
  breakLength: Number.POSITIVE_INFINITY,
  // Nothing of the user's is run for it.
  customInspect: false,
  getters: false,
} as const;

/** How a message is wanted. */
export type Want = { readonly payloads: TraceBudget['payloads']; readonly sinceMs: number };

/** Told each message; `payload` is made where it is wanted. */
export interface TapListener {
  /** Called for each message, and first: whether this one may be wanted. The clock is read only if so. */
  isDue(): boolean;
  /**
   * A message is about to be handled, and so many wait behind it. Milliseconds of the thread's clock.
   * @returns null: this message is not wanted
   */
  wants(nowMs: number, waiting: number): Want | null;
  /** A message has come, so many wait now. Not told while the actor is in the dispatcher's queue. */
  arrived(waiting: number): void;
  /** The oldest one that waited was dropped for a newer one, which is not there yet; so many wait now. */
  dropped(waiting: number): void;
  handled(message: TracedMessage): void;
  /** A handler has failed, whether or not its message was wanted. */
  threw(): void;
  /** The actor is no more. */
  stopped(): void;
}

type Wanted = Want & { readonly listener: TapListener };

/** Thread rule: the actor's. */
export class Tap {
  private listeners: readonly TapListener[] = [];
  private readonly cell: Cell;

  constructor(cell: Cell) {
    this.cell = cell;
  }

  /** Listens, from the next message on. */
  static open(cell: Cell, listener: TapListener): void {
    const extras = cell.rare();
    if (extras.tap === null) {
      extras.tap = new Tap(cell);
      cell.forgetHandler();
    }
    extras.tap.listeners = [...extras.tap.listeners, listener];
  }

  /** Listens no more; after the last one nothing is wrapped. */
  static close(cell: Cell, listener: TapListener): void {
    const { extras } = cell;
    const tap = extras?.tap ?? null;
    if (extras === null || tap === null) return;
    tap.listeners = tap.listeners.filter((one) => one !== listener);
    if (tap.listeners.length > 0) return;
    extras.tap = null;
    cell.forgetHandler();
  }

  /** The handler of that name, with the listeners around it. */
  wrap(name: string, handler: Handler): Handler {
    const { cell } = this;
    return (payload: never): unknown => {
      if (!this.isDue()) return handler.call(cell.handlers, payload);
      const fromMs = cell.host.clock.monotonicMs();
      const depth = cell.mailbox?.length ?? 0;
      const wanted = this.wanted(fromMs, depth);
      if (wanted.length === 0) return handler.call(cell.handlers, payload);
      const payloads = payloadsOf(wanted, payload);
      const { incarnation } = cell;
      const tell = (error: string | null): void =>
        this.tell(wanted, { name, incarnation, fromMs, depth, payloads, error });
      try {
        const result: unknown = handler.call(cell.handlers, payload);
        if (result instanceof Promise) {
          result.then(
            () => tell(null),
            (thrown: unknown) => tell(errorText(thrown)),
          );
        } else tell(null);
        return result;
      } catch (thrown) {
        tell(errorText(thrown));
        throw thrown;
      }
    };
  }

  /** A message has come. */
  arrived(): void {
    const waiting = this.cell.mailbox?.length ?? 0;
    for (const listener of this.listeners) listener.arrived(waiting);
  }

  /** The oldest one has made room. */
  dropped(waiting: number): void {
    for (const listener of this.listeners) listener.dropped(waiting);
  }

  /** A handler has failed. */
  threw(): void {
    for (const listener of this.listeners) listener.threw();
  }

  /** The cell is gone. */
  stopped(): void {
    for (const listener of this.listeners) listener.stopped();
  }

  /** Asks all of them: some count. */
  private isDue(): boolean {
    let isAny = false;
    for (const listener of this.listeners) if (listener.isDue()) isAny = true;
    return isAny;
  }

  private wanted(nowMs: number, waiting: number): readonly Wanted[] {
    const wanted: Wanted[] = [];
    for (const listener of this.listeners) {
      const how = listener.wants(nowMs, waiting);
      if (how !== null) wanted.push({ listener, ...how });
    }
    return wanted;
  }

  private tell(
    wanted: readonly Wanted[],
    said: {
      readonly name: string;
      readonly incarnation: number;
      readonly fromMs: number;
      readonly depth: number;
      readonly payloads: Payloads;
      readonly error: string | null;
    },
  ): void {
    const { name, incarnation, fromMs, depth, error } = said;
    const tookMs = this.cell.host.clock.monotonicMs() - fromMs;
    const outcome = error === null ? 'done' : 'failed';
    for (const { listener, payloads, sinceMs } of wanted) {
      const payload = payloads === false ? null : said.payloads[payloads];
      const atMs = fromMs - sinceMs;
      listener.handled({ name, incarnation, atMs, tookMs, depth, outcome, error, payload });
    }
  }
}

/** In the forms in which they are wanted; before the handler, which may change it. */
type Payloads = { readonly text: string | null; readonly source: string | null };

function payloadsOf(wanted: readonly Wanted[], payload: unknown): Payloads {
  const isWanted = (form: 'text' | 'source'): boolean =>
    wanted.some(({ payloads }) => payloads === form);
  return {
    text: isWanted('text') ? textOf(payload) : null,
    source: isWanted('source') ? sourceText(payload) : null,
  };
}

/** What an actor was started with, in that form. */
export function argsText(args: unknown, form: TraceBudget['payloads']): string | null {
  if (form === false) return null;
  return form === 'text' ? textOf(args) : sourceText(args);
}

function textOf(payload: unknown): string {
  try {
    return inspect(payload, PAYLOAD).slice(0, TRACED_MAX.payload);
  } catch {
    return 'a value that cannot be read';
  }
}

function errorText(thrown: unknown): string {
  try {
    const text = thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : textOf(thrown);
    return text.slice(0, TRACED_MAX.error);
  } catch {
    return 'an error that cannot be read';
  }
}
