/** Frames of a page in a trace of Chromium: how long its scripts ran in each. Pure. */

/** As the trace format has them; times in microseconds. */
export type TraceEvent = {
  readonly name: string;
  readonly ph: string;
  readonly ts: number;
  readonly dur?: number;
  readonly pid: number;
  readonly tid: number;
  readonly args?: { readonly name?: string };
};

/** Events that are script, or hold nothing else. They lie inside each other. */
const SCRIPT: ReadonlySet<string> = new Set([
  'EvaluateScript',
  'EventDispatch',
  'FireAnimationFrame',
  'FunctionCall',
  'MajorGC',
  'MinorGC',
  'RunMicrotasks',
  'TimerFire',
  'v8.callFunction',
]);
const FRAME = 'BeginMainThreadFrame';
const FALLBACK_FRAME = 'FireAnimationFrame';
const TASKS: ReadonlySet<string> = new Set(['RunTask', 'ThreadControllerImpl::RunTask']);

/** Of the page's main thread: script of each frame, and every task, in milliseconds. */
export function framesOf(events: readonly TraceEvent[]): {
  readonly scriptMs: readonly number[];
  readonly taskMs: readonly number[];
} {
  const main = mainThread(events);
  const own = events.filter(({ pid, tid }) => `${pid} ${tid}` === main).sort((a, b) => a.ts - b.ts);
  const begins = own.filter(({ name }) => name === FRAME).map(({ ts }) => ts);
  const starts =
    begins.length > 1
      ? begins
      : own.filter(({ name }) => name === FALLBACK_FRAME).map(({ ts }) => ts);
  if (starts.length < 2) throw new Error('the trace holds no frames of the page');
  const sums = new Array<number>(starts.length - 1).fill(0);
  let frame = 0;
  let endUs = 0;
  for (const { name, ph, ts, dur = 0 } of own) {
    // What lies in another one was counted with it.
    if (ph !== 'X' || !SCRIPT.has(name) || ts < endUs) continue;
    endUs = ts + dur;
    while (frame < sums.length && ts >= (starts[frame + 1] as number)) frame++;
    if (frame < sums.length && ts >= (starts[0] as number)) sums[frame] = (sums[frame] ?? 0) + dur;
  }
  const taskMs = own
    .filter(({ name, ph }) => ph === 'X' && TASKS.has(name))
    .map(({ dur = 0 }) => dur / 1000);
  return { scriptMs: sums.map((us) => us / 1000), taskMs };
}

/** The busiest of those that are a page's. */
function mainThread(events: readonly TraceEvent[]): string {
  const named = events.filter(
    ({ name, args }) => name === 'thread_name' && args?.name === 'CrRendererMain',
  );
  const busy = new Map(named.map(({ pid, tid }) => [`${pid} ${tid}`, 0]));
  for (const { name, pid, tid, dur = 0 } of events) {
    const key = `${pid} ${tid}`;
    const sum = busy.get(key);
    if (sum !== undefined && SCRIPT.has(name)) busy.set(key, sum + dur);
  }
  const [first] = [...busy].sort(([, a], [, b]) => b - a);
  if (first === undefined) throw new Error('the trace holds no page');
  return first[0];
}
