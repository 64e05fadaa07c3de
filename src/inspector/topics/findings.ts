/**
 * What is wrong with an actor system, from what its topics tell: each finding with its evidence and the next
 * command. Pure.
 */
import type { Finding } from '../protocol/finding.ts';
import type { RowOf } from '../protocol/topics.ts';

/** What is looked at. */
export type Signs = {
  readonly nowMs: number;
  readonly alarms: readonly Alarm[];
  /** Seconds, the newest last. */
  readonly pulse: readonly RowOf<'pulse'>[];
  readonly events: readonly RowOf<'events'>[];
  readonly letters: readonly RowOf<'deadLetters'>[];
};

/** Something that needs somebody; `thread`: null: it is about the whole system. */
export type Alarm = {
  readonly kind: 'restarts' | 'lost' | 'ring' | 'silent';
  readonly thread: number | null;
  readonly text: string;
};

const MINUTE_MS = 60_000;
/** Crashes of one actor in a minute that are no accident any more. */
const CRASHES_MIN = 3;
/** Seconds in a row, and the share of each, after which a thread has no time left. */
const BUSY_SECONDS = 10;
const BUSY_SHARE = 0.95;
/** Lines of evidence. */
const LINES_MAX = 5;

const NEXT: Readonly<Record<Alarm['kind'], string>> = {
  restarts: 'ringmaster top --actors --sort restarts',
  lost: 'ringmaster inspect',
  ring: 'ringmaster top --actors --sort depth',
  silent: 'ringmaster top --actors --sort depth',
};

/** The worst first. */
export function systemFindings(signs: Signs): readonly Finding[] {
  const { nowMs, alarms, events } = signs;
  const recent = events.filter(({ atMs }) => nowMs - atMs <= MINUTE_MS);
  return [
    ...alarms.map((alarm) => alarmed(alarm, recent)),
    ...crashLoops(recent),
    ...busyThreads(signs.pulse),
    ...deadLetters(signs),
  ];
}

function alarmed({ kind, thread, text }: Alarm, recent: Signs['events']): Finding {
  const isAbout = (event: RowOf<'events'>): boolean =>
    kind === 'restarts' ? event.kind === 'actor-crashed' : event.kind.startsWith('thread-');
  const said = kind === 'ring' ? [] : recent.filter(isAbout).map((event) => event.text);
  const about = thread === null ? 'system' : `thread ${thread}`;
  return { about, what: text, evidence: newest(said), next: NEXT[kind] };
}

function crashLoops(recent: Signs['events']): readonly Finding[] {
  const byPath = new Map<string, RowOf<'events'>[]>();
  for (const event of recent) {
    if (event.path === null || event.kind !== 'actor-crashed') continue;
    byPath.set(event.path, [...(byPath.get(event.path) ?? []), event]);
  }
  return [...byPath]
    .filter(([, crashes]) => crashes.length >= CRASHES_MIN)
    .sort(([, a], [, b]) => b.length - a.length)
    .map(([path, crashes]) => ({
      about: path,
      what: `it crashed ${crashes.length} times in a minute`,
      evidence: newest(crashes.map(causeOf)),
      next: `ringmaster trace ${quoted(path)}`,
    }));
}

/** As a shell takes it: an actor without an id is called such as /user/$0.3.1. */
function quoted(path: string): string {
  return path.includes('$') ? `'${path}'` : path;
}

/** Down to where it began. */
function causeOf({ text, failure }: RowOf<'events'>): string {
  const root = failure?.causes.at(-1);
  return root === undefined ? text : `${text}; caused by ${root.name}: ${root.message}`;
}

function busyThreads(pulse: Signs['pulse']): readonly Finding[] {
  const last = pulse.slice(-BUSY_SECONDS);
  if (last.length < BUSY_SECONDS) return [];
  const threads = last.at(-1)?.utilisation ?? [];
  return threads.flatMap((now, thread) => {
    if (last.some(({ utilisation }) => (utilisation[thread] ?? 0) < BUSY_SHARE)) return [];
    return {
      about: `thread ${thread}`,
      what: 'it has no time left: what comes to it waits',
      evidence: [`${Math.round(now * 100)} % in handlers, for ${BUSY_SECONDS} s and more`],
      next: 'ringmaster top --actors --sort rate',
    };
  });
}

function deadLetters({ pulse, letters }: Signs): readonly Finding[] {
  const seconds = pulse.slice(-MINUTE_MS / 1000);
  const died = seconds.reduce((sum, one) => sum + one.deadLetters, 0);
  if (died === 0) return [];
  const what = `${died} messages of the last minute were handled by nobody`;
  const lines = letters.map(({ path, message, reason }) => `${message} to ${path}: ${reason}`);
  return [{ about: 'system', what, evidence: newest(lines), next: 'ringmaster inspect' }];
}

/** Different ones, the newest first. */
function newest(lines: readonly string[]): string[] {
  return [...new Set([...lines].reverse())].slice(0, LINES_MAX);
}
