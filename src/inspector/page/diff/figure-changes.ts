/** Figures of the system and of its threads that are other ones at two moments. Pure. */
import type { RowOf } from '../../protocol/topics.ts';

type System = RowOf<'system'>;
type Thread = RowOf<'threads'>;

/** What a figure is told in. */
export type FigureUnit = 'number' | 'perSecond' | 'us' | 'share';

/** One that is another one. Null: it was not there, or not measured. */
export type FigureChange = {
  readonly name: string;
  /** A thread; null: the whole system. */
  readonly thread: number | null;
  readonly unit: FigureUnit;
  readonly from: number | null;
  readonly to: number | null;
};

type Figure<R> = readonly [
  { [K in keyof R]: R[K] extends number | null ? K : never }[keyof R],
  string,
  FigureUnit,
];

const OF_SYSTEM: readonly Figure<System>[] = [
  ['actors', 'actors', 'number'],
  ['threads', 'threads', 'number'],
  ['handledPerSecond', 'messages handled', 'perSecond'],
  ['p50WaitUs', 'p50 wait', 'us'],
  ['p99WaitUs', 'p99 wait', 'us'],
  ['restartsPerMinute', 'restarts in a minute', 'number'],
  ['deadLetters', 'dead letters', 'number'],
  ['lost', 'lost messages', 'number'],
  ['inFlight', 'messages in flight', 'number'],
];

const OF_THREAD: readonly Figure<Thread>[] = [
  ['actors', 'actors', 'number'],
  ['handledPerSecond', 'messages handled', 'perSecond'],
  ['utilisation', 'utilisation', 'share'],
  ['fill', 'fullest ring to it', 'share'],
  ['replaced', 'replaced', 'number'],
];

/** Of the whole system. */
export function systemChanges(a: System | undefined, b: System | undefined): FigureChange[] {
  return changesOf(OF_SYSTEM, null, a, b);
}

/** Of its threads, those that came or went, too. */
export function threadChanges(
  a: ReadonlyMap<string, Thread>,
  b: ReadonlyMap<string, Thread>,
): FigureChange[] {
  const threads = [...new Set([...a.keys(), ...b.keys()])].sort((x, y) => Number(x) - Number(y));
  return threads.flatMap((key) => changesOf(OF_THREAD, Number(key), a.get(key), b.get(key)));
}

function changesOf<R>(
  figures: readonly Figure<R>[],
  thread: number | null,
  a: R | undefined,
  b: R | undefined,
): FigureChange[] {
  return figures.flatMap(([field, name, unit]) => {
    const from = (a?.[field] ?? null) as number | null;
    const to = (b?.[field] ?? null) as number | null;
    return from === to ? [] : [{ name, thread, unit, from, to }];
  });
}
