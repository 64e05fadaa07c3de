/**
 * What was measured since the last look, in columns by instance, and windows that were closed and nobody
 * has read yet: of those the newest are kept, and what is dropped is counted. Fed by the exchanges,
 * emptied towards the brain.
 */
import type { KeyPlace } from './key-owners.ts';
import type { Cut, WindowColumn, WindowMessage } from './router-protocol.ts';
import { SliceSketch } from './slice-sketch.ts';

/** Who answered, and what it has under way. */
export type Measured = {
  readonly service: string;
  readonly revision: string;
  readonly zone: string;
  readonly instance: string;
  readonly isBaseline: boolean;
  readonly underWay: number;
};

/** Who is asked, and where a key belongs; null: nobody wants to know. */
export type Sliced = {
  readonly name: string;
  readonly use: { place(key: string): KeyPlace | null };
};

/** Answers of one window. More: a busier router is measured whole, and a window takes more memory. */
const ANSWERS_MAX = 100_000;
/** Lost connections of one window whose keys are said; of more, the first. */
const CUTS_MAX = 100;
/** Windows that wait for a brain, ten seconds of them. More: a longer absence is bridged. */
const WINDOWS_MAX = 20;

type Column = { readonly who: Measured; readonly seconds: number[]; readonly errors: number[] };
type Closed = { readonly message: WindowMessage; readonly answers: number };

/** Thread rule: one thread. */
export class WindowRecorder {
  private columns: Map<string, Column> = new Map();
  private answers = 0;
  private readonly closed: Closed[] = [];
  private numbers = 0;
  private dropped = 0;
  private aborted = 0;
  private misdirected = 0;
  private slices: Map<string, SliceSketch> = new Map();
  private cuts: Cut[] = [];

  /** One answer, or its absence. */
  record(who: Measured, seconds: number, isError: boolean): void {
    if (this.answers >= ANSWERS_MAX) {
      this.dropped += 1;
      return;
    }
    let column = this.columns.get(who.instance);
    if (column === undefined) {
      column = { who, seconds: [], errors: [] };
      this.columns.set(who.instance, column);
    }
    column.seconds.push(seconds);
    column.errors.push(isError ? 1 : 0);
    this.answers += 1;
  }

  /** The client went away: nobody's error. */
  abort(): void {
    this.aborted += 1;
  }

  /** An instance said that the key is another one's. */
  misdirect(): void {
    this.misdirected += 1;
  }

  /** A request has come; where slices are counted, its key's is. */
  request({ name, use }: Sliced, key: string | null): void {
    const place = key === null ? null : use.place(key);
    if (place === null) return;
    let sketch = this.slices.get(name);
    if (sketch === undefined) {
      sketch = new SliceSketch();
      this.slices.set(name, sketch);
    }
    sketch.note(place.slice, place.owner);
  }

  /** An instance was lost on a key. */
  cut(one: Cut): void {
    if (this.cuts.length < CUTS_MAX) this.cuts.push(one);
  }

  /** Closes the window. `busy`: all that have something under way. */
  close(busy: Iterable<Measured>): void {
    const { answers, columns } = this;
    for (const who of busy) {
      if (who.underWay === 0 || columns.has(who.instance)) continue;
      columns.set(who.instance, { who, seconds: [], errors: [] });
    }
    this.columns = new Map();
    this.answers = 0;
    const { dropped, aborted, misdirected, cuts } = this;
    const list = [...columns.values()].map(columnOf);
    const slices = [...this.slices].map(([service, sketch]) => sketch.said(service));
    this.slices = new Map();
    this.cuts = [];
    const message: WindowMessage = {
      event: 'window',
      number: ++this.numbers,
      dropped,
      aborted,
      misdirected,
      columns: list,
      slices,
      cuts,
    };
    this.closed.push({ message, answers });
    if (this.closed.length <= WINDOWS_MAX) return;
    this.dropped += this.closed.shift()?.answers ?? 0;
  }

  /** The oldest that nobody has read; null: there is none. */
  take(): WindowMessage | null {
    return this.closed.shift()?.message ?? null;
  }
}

function columnOf({ who, seconds, errors }: Column): WindowColumn {
  const { service, revision, zone, instance, isBaseline, underWay } = who;
  const bytes = Buffer.allocUnsafe(4 * seconds.length);
  seconds.forEach((one, i) => void bytes.writeFloatLE(one, 4 * i));
  return {
    service,
    revision,
    zone,
    instance,
    isBaseline,
    seconds: bytes.toString('base64'),
    errors: Buffer.from(errors).toString('base64'),
    underWay,
  };
}

/** What a column holds. Bytes that are no whole number are left out. */
export function answersOf({
  seconds,
  errors,
}: Pick<WindowColumn, 'seconds' | 'errors'>): readonly { seconds: number; isError: boolean }[] {
  const bytes = Buffer.from(seconds, 'base64');
  const flags = Buffer.from(errors, 'base64');
  return Array.from({ length: Math.floor(bytes.length / 4) }, (_, i) => ({
    seconds: bytes.readFloatLE(4 * i),
    isError: flags[i] === 1,
  }));
}
