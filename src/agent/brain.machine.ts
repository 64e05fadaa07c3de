/**
 * Decides when the brain is started, ended and started again. Knows no process and no clock; the
 * agent does what it says.
 *
 *   down ──start──▶ starting ──first beat──▶ running ──exit──▶ waiting ──its time──▶ starting
 *                      │ too long: kill          │ no beat: kill       └─ too often: looping
 *                      └────────exit─────────────┘ exit 0, or stop: ended
 *
 * No looping → starting by itself: a brain that dies again and again is looked at by a person.
 * The first restart after a healthy time is immediate; each one that follows soon waits longer.
 */
import type { BrainConfig } from './brain.config.ts';

/** Where the brain is in its life. */
export type BrainStatus =
  | 'down'
  | 'starting'
  | 'running'
  | 'waiting'
  | 'stopping'
  | 'looping'
  | 'ended';

/** Times are monotonic milliseconds. */
export type BrainState = {
  readonly config: BrainConfig;
  readonly status: BrainStatus;
  /** When it came into this status. */
  readonly sinceMs: number;
  /** Its last sign of life. */
  readonly beatMs: number;
  /** When it was started again, the oldest first; not older than the window. */
  readonly restartsMs: readonly number[];
  /** Restarts in a row that were not followed by a healthy time. */
  readonly attempt: number;
  /** When a waiting one is started. */
  readonly dueMs: number;
  /** Why it was ended or is not running. */
  readonly reason: string | null;
};

/** What has happened. `chance` in [0, 1) is for jitter. */
export type BrainInput =
  | { readonly kind: 'start'; readonly nowMs: number }
  | { readonly kind: 'beat'; readonly nowMs: number }
  | {
      readonly kind: 'exit';
      readonly nowMs: number;
      readonly code: number | null;
      readonly signal: string | null;
      readonly chance: number;
    }
  | { readonly kind: 'tick'; readonly nowMs: number; readonly isLate: boolean }
  | { readonly kind: 'stop'; readonly nowMs: number };

/** What the agent is to do. */
export type BrainEffect =
  | { readonly do: 'spawn' }
  | { readonly do: 'kill'; readonly signal: 'SIGTERM' | 'SIGKILL' }
  | { readonly do: 'report'; readonly reason: string }
  | { readonly do: 'end'; readonly code: number };

export type BrainStep = { readonly state: BrainState; readonly effects: readonly BrainEffect[] };

/** A brain that was never started. */
export function brainDown(config: BrainConfig): BrainState {
  return {
    config,
    status: 'down',
    sinceMs: 0,
    beatMs: 0,
    restartsMs: [],
    attempt: 0,
    dueMs: 0,
    reason: null,
  };
}

/** A brain that was found running: it gets as long for its first beat as one that is started. */
export function brainFound(config: BrainConfig, nowMs: number): BrainState {
  return { ...brainDown(config), status: 'starting', sinceMs: nowMs, beatMs: nowMs };
}

export function step(state: BrainState, input: BrainInput): BrainStep {
  switch (input.kind) {
    case 'start':
      return start(state, input.nowMs);
    case 'beat':
      return beat(state, input.nowMs);
    case 'exit':
      return exit(state, input);
    case 'tick':
      return tick(state, input);
    case 'stop':
      return stop(state, input.nowMs);
  }
}

const stay = (state: BrainState): BrainStep => ({ state, effects: [] });

function start(state: BrainState, nowMs: number): BrainStep {
  if (state.status !== 'down' && state.status !== 'looping') return stay(state);
  return spawn({ ...state, restartsMs: [], attempt: 0, reason: null }, nowMs);
}

function spawn(state: BrainState, nowMs: number): BrainStep {
  return {
    state: { ...state, status: 'starting', sinceMs: nowMs, beatMs: nowMs },
    effects: [{ do: 'spawn' }],
  };
}

function beat(state: BrainState, nowMs: number): BrainStep {
  if (state.status === 'starting') {
    return stay({ ...state, status: 'running', sinceMs: nowMs, beatMs: nowMs });
  }
  if (state.status !== 'running') return stay(state);
  const isHealthy = nowMs - state.sinceMs >= state.config.healthyMs;
  return stay({ ...state, beatMs: nowMs, attempt: isHealthy ? 0 : state.attempt });
}

function exit(state: BrainState, input: Extract<BrainInput, { kind: 'exit' }>): BrainStep {
  const { nowMs, code, signal } = input;
  if (state.status === 'ended' || state.status === 'down') return stay(state);
  if (state.status === 'stopping' || (code === 0 && state.reason === null)) {
    const ended: BrainState = { ...state, status: 'ended', sinceMs: nowMs };
    return { state: ended, effects: [{ do: 'end', code: 0 }] };
  }
  const how = signal === null ? `exit code ${code}` : `signal ${signal}`;
  const reason = state.reason === null ? how : `${state.reason} (${how})`;
  const report: BrainEffect = { do: 'report', reason };
  const { restartsMax, restartsWithinMs } = state.config;
  const restartsMs = state.restartsMs.filter((atMs) => nowMs - atMs < restartsWithinMs);
  if (restartsMs.length >= restartsMax) {
    const why = `${restartsMs.length + 1} ends within ${restartsWithinMs} ms, the last: ${reason}`;
    return stopLooping({ ...state, restartsMs, reason: why }, nowMs, report);
  }
  const waitMs = backoffMs(state, input.chance);
  const waiting: BrainState = {
    ...state,
    status: 'waiting',
    sinceMs: nowMs,
    dueMs: nowMs + waitMs,
    restartsMs: [...restartsMs, nowMs],
    attempt: state.attempt + 1,
    reason: null,
  };
  if (waitMs > 0) return { state: waiting, effects: [report] };
  const next = spawn(waiting, nowMs);
  // The process first: whoever waits for the brain does not wait for a report to be written.
  return { state: next.state, effects: [...next.effects, report] };
}

function stopLooping(state: BrainState, nowMs: number, report: BrainEffect): BrainStep {
  return { state: { ...state, status: 'looping', sinceMs: nowMs }, effects: [report] };
}

/** None for the first; then doubling, with jitter of a fifth either way. */
function backoffMs(state: BrainState, chance: number): number {
  if (state.attempt === 0) return 0;
  const { backoffMinMs, backoffMaxMs } = state.config;
  let waitMs = backoffMinMs;
  for (let i = 1; i < state.attempt && waitMs < backoffMaxMs; i++) waitMs *= 2;
  return Math.min(waitMs, backoffMaxMs) * (0.8 + 0.4 * chance);
}

function tick(state: BrainState, input: Extract<BrainInput, { kind: 'tick' }>): BrainStep {
  const { nowMs } = input;
  const { config } = state;
  switch (state.status) {
    case 'waiting':
      return nowMs >= state.dueMs ? spawn(state, nowMs) : stay(state);
    case 'stopping':
      if (nowMs - state.sinceMs < config.stopMs) return stay(state);
      return { state, effects: [{ do: 'kill', signal: 'SIGKILL' }] };
    case 'starting':
    case 'running': {
      // An agent that was itself stopped has not heard what was said meanwhile.
      if (input.isLate) return stay({ ...state, beatMs: nowMs });
      const limitMs = state.status === 'starting' ? config.startMs : config.stallAfterMs;
      if (nowMs - state.beatMs < limitMs) return stay(state);
      const reason = `${state.status}: no sign of life for ${Math.round(nowMs - state.beatMs)} ms`;
      // Once more only after another such time, should the kill have had no effect.
      const killed = { ...state, beatMs: nowMs, reason };
      return { state: killed, effects: [{ do: 'kill', signal: 'SIGKILL' }] };
    }
    default:
      return stay(state);
  }
}

function stop(state: BrainState, nowMs: number): BrainStep {
  switch (state.status) {
    case 'starting':
    case 'running':
      return {
        state: { ...state, status: 'stopping', sinceMs: nowMs, reason: 'stopped' },
        effects: [{ do: 'kill', signal: 'SIGTERM' }],
      };
    case 'stopping':
      // The second time is hard.
      return { state, effects: [{ do: 'kill', signal: 'SIGKILL' }] };
    case 'ended':
      return stay(state);
    default:
      return {
        state: { ...state, status: 'ended', sinceMs: nowMs, reason: 'stopped' },
        effects: [{ do: 'end', code: 0 }],
      };
  }
}
