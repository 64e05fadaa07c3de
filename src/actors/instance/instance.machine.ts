/**
 * The life of one instance: what is seen of it and what is ordered moves it along the edges of
 * protocol/instance-state.ts, and nothing else does. It decides nothing about others: who is replaced and
 * when is the arbiter's; this machine knows when an instance is ready, when it may stop, and when it is
 * gone. Pure; times are monotonic milliseconds.
 */
import { assert } from '../../hotpath/index.ts';
import { INSTANCE_EDGES, type InstanceState } from '../protocol/instance-state.ts';
import type { ServiceSpec } from '../spec/fleet-schema.ts';
import { counted, NO_ANSWER, type ProbeTally } from './probe-tally.ts';

/** Probes by what they are for. */
export type ProbeKind = 'startup' | 'liveness' | 'readiness';

/** What is remembered of an instance. Plain data. */
export type InstanceRecord = {
  readonly state: InstanceState;
  readonly sinceMs: number;
  /** Since when it is ready; null: it is not. */
  readonly readySinceMs: number | null;
  readonly seenMs: number;
  readonly probes: Readonly<Record<ProbeKind, ProbeTally>>;
  /** The state that an unknown one is taken up from when it is seen again. */
  readonly before: InstanceState | null;
  /** It was asked and has said that it may stop. */
  readonly mayStop: boolean;
  /** SIGKILL was sent. */
  readonly isKilled: boolean;
};

/** What happened. */
export type InstanceInput = { readonly nowMs: number } & (
  | { readonly kind: 'agent'; readonly word: 'running' | 'ended' | 'silent' }
  | { readonly kind: 'probe'; readonly probe: ProbeKind; readonly isWell: boolean }
  | { readonly kind: 'drain'; readonly answer: 'mayStop' | 'tooEarly' | 'no' }
  | {
      readonly kind: 'order';
      readonly order: 'start' | 'leave' | 'stay' | 'drain' | 'stop' | 'fence';
    }
  | { readonly kind: 'tick' }
);

/** What the shell does. Each may be done again without harm. */
export type InstanceEffect = 'start' | 'terminate' | 'kill' | 'askDrain';

/** What came of it. */
export type InstanceStep = {
  readonly record: InstanceRecord;
  readonly effects: readonly InstanceEffect[];
};

/** Of a service, what an instance's life depends on. */
export type InstanceConfig = Pick<ServiceSpec, 'health' | 'stopGrace'>;

/** One that nobody has started yet. */
export function newInstance(nowMs: number): InstanceRecord {
  return {
    state: 'pending',
    sinceMs: nowMs,
    readySinceMs: null,
    seenMs: nowMs,
    probes: { startup: NO_ANSWER, liveness: NO_ANSWER, readiness: NO_ANSWER },
    before: null,
    mayStop: false,
    isKilled: false,
  };
}

/** Probes that are asked now. */
export function probesOf(
  { state }: InstanceRecord,
  { health }: InstanceConfig,
): readonly ProbeKind[] {
  const has = (kind: ProbeKind): boolean => health[kind] !== undefined;
  if (state === 'starting') return has('startup') ? ['startup'] : [];
  const isUp = state === 'warming' || state === 'ready' || state === 'unready';
  const isGoing = state === 'leaving' || state === 'draining';
  if (!isUp && !isGoing) return [];
  return (['liveness', 'readiness'] as const).filter(has);
}

/** Whether its liveness has failed: the healer's to act on. */
export function isFailing({ probes }: InstanceRecord): boolean {
  return probes.liveness.verdict === 'failing' || probes.startup.verdict === 'failing';
}

/** One thing that happened. */
export function instanceStep(
  record: InstanceRecord,
  input: InstanceInput,
  config: InstanceConfig,
): InstanceStep {
  const { state } = record;
  if (state === 'stopped') return { record, effects: [] };
  switch (input.kind) {
    case 'agent':
      return agentSays(record, input.word, input.nowMs, config);
    case 'probe':
      return { record: probed(record, input, config), effects: [] };
    case 'drain': {
      const mayStop = state === 'draining' && input.answer === 'mayStop';
      return {
        record: { ...record, mayStop: record.mayStop || mayStop, seenMs: input.nowMs },
        effects: [],
      };
    }
    case 'order':
      return ordered(record, input.order, input.nowMs, config);
    case 'tick':
      return ticked(record, input.nowMs, config);
  }
}

function agentSays(
  record: InstanceRecord,
  word: 'running' | 'ended' | 'silent',
  nowMs: number,
  config: InstanceConfig,
): InstanceStep {
  const { state, before } = record;
  if (word === 'silent') {
    // What has ended, or may answer nobody any more, is not waited for.
    if (!INSTANCE_EDGES[state].includes('unknown') || state === 'failed')
      return { record, effects: [] };
    return { record: { ...moved(record, 'unknown', nowMs), before: state }, effects: [] };
  }
  // Said once more: what is failed has ended, and its slot has yet to hear of it.
  if (word === 'ended' && state === 'failed') return { record, effects: [] };
  if (word === 'ended') {
    const wasMeant = state === 'stopping' || state === 'fenced' || before === 'stopping';
    return { record: moved(record, wasMeant ? 'stopped' : endOf(state), nowMs), effects: [] };
  }
  const seen = { ...record, seenMs: nowMs };
  if (state === 'unknown') {
    // A process is there: one that was only wanted has been started meanwhile.
    const back = before === null || before === 'pending' ? 'starting' : before;
    return {
      record: started({ ...moved(seen, back, nowMs), before: null }, nowMs, config),
      effects: [],
    };
  }
  if (state !== 'pending' && state !== 'starting') return { record: seen, effects: [] };
  const running = state === 'pending' ? moved(seen, 'starting', nowMs) : seen;
  return { record: started(running, nowMs, config), effects: [] };
}

/** It ended by itself: what was never there is gone, everything else has failed. */
function endOf(state: InstanceState): InstanceState {
  return state === 'failed' ? 'stopped' : 'failed';
}

/** Nothing is asked of one without a startup probe, nor of one without readiness. */
function started(
  record: InstanceRecord,
  nowMs: number,
  { health }: InstanceConfig,
): InstanceRecord {
  let next = record;
  if (next.state === 'starting' && health.startup === undefined)
    next = moved(next, 'warming', nowMs);
  if (next.state === 'warming' && health.readiness === undefined)
    next = moved(next, 'ready', nowMs);
  return next;
}

function probed(
  record: InstanceRecord,
  {
    probe,
    isWell,
    nowMs,
  }: { readonly probe: ProbeKind; readonly isWell: boolean; readonly nowMs: number },
  config: InstanceConfig,
): InstanceRecord {
  const limits = config.health[probe];
  // An answer that was under way while it moved on, or of a probe that is no more.
  if (limits === undefined || !probesOf(record, config).includes(probe)) return record;
  const tally = counted(record.probes[probe], isWell, limits);
  const next: InstanceRecord = {
    ...record,
    seenMs: nowMs,
    probes: { ...record.probes, [probe]: tally },
  };
  const { state } = next;
  if (probe === 'startup' && state === 'starting' && tally.verdict === 'well') {
    return started(moved(next, 'warming', nowMs), nowMs, config);
  }
  if (probe !== 'readiness') return next;
  if (tally.verdict === 'well' && (state === 'warming' || state === 'unready')) {
    return moved(next, 'ready', nowMs);
  }
  if (tally.verdict === 'failing' && (state === 'warming' || state === 'ready')) {
    return moved(next, 'unready', nowMs);
  }
  return next;
}

function ordered(
  record: InstanceRecord,
  order: (InstanceInput & { kind: 'order' })['order'],
  nowMs: number,
  config: InstanceConfig,
): InstanceStep {
  const { state } = record;
  const to = (next: InstanceState, ...effects: InstanceEffect[]): InstanceStep => ({
    record: moved(record, next, nowMs),
    effects,
  });
  const stay: InstanceStep = { record, effects: [] };
  switch (order) {
    case 'start':
      return { record, effects: state === 'pending' ? ['start'] : [] };
    case 'leave':
      return state === 'ready' || state === 'unready' ? to('leaving') : stay;
    case 'stay': {
      if (state !== 'leaving' && state !== 'draining') return stay;
      return to(record.probes.readiness.verdict === 'failing' ? 'unready' : 'ready');
    }
    case 'drain':
      if (state !== 'leaving' && state !== 'unready') return stay;
      return config.health.drain === undefined
        ? { record: { ...moved(record, 'draining', nowMs), mayStop: true }, effects: [] }
        : to('draining', 'askDrain');
    case 'stop':
      // It ended by itself: there is nothing left to stop.
      if (state === 'failed') return to('stopped');
      if (state === 'fenced' || state === 'stopping') return { record, effects: ['terminate'] };
      return to('stopping', 'terminate');
    case 'fence':
      return state === 'fenced' ? stay : to('fenced', 'kill');
  }
}

/** Time passes: a question is asked again, and who does not go is made to. */
function ticked(record: InstanceRecord, nowMs: number, config: InstanceConfig): InstanceStep {
  const { state, sinceMs, mayStop } = record;
  if (state === 'draining' && !mayStop) return { record, effects: ['askDrain'] };
  if (state === 'fenced') return { record, effects: ['kill'] };
  if (state !== 'stopping' || nowMs - sinceMs < config.stopGrace) return { record, effects: [] };
  return { record: { ...record, isKilled: true }, effects: ['kill'] };
}

/** The one place where the state changes. An edge that is not drawn is a bug, not a case. */
function moved(record: InstanceRecord, to: InstanceState, nowMs: number): InstanceRecord {
  const { state } = record;
  assert(INSTANCE_EDGES[state].includes(to), `illegal move of an instance: ${state} -> ${to}`);
  return {
    ...record,
    state: to,
    sinceMs: nowMs,
    readySinceMs: to === 'ready' ? nowMs : null,
    mayStop: to === 'ready' ? false : record.mayStop,
  };
}
