/**
 * What waits for a human, in sentences with their cure: everything else goes on by itself. Read from the
 * records; shown by whoever shows a service. Pure.
 */
import { acknowledged } from '../arbiter/acknowledgement.ts';
import { type ServiceRecord, specOf } from '../arbiter/records.ts';

/** What counts as long, in milliseconds. */
export type AttentionLimits = { readonly routerSilenceMs: number };

/** All of it; empty: nobody has to do anything. */
export function attentionOf(
  record: ServiceRecord,
  { routerSilenceMs }: AttentionLimits,
  nowMs: number,
): readonly string[] {
  return [
    ...silentRouters(record, routerSilenceMs, nowMs),
    ...stuckDrains(record, nowMs),
    ...blockedTarget(record),
    ...removed(record, nowMs),
    ...pausedRollout(record),
    ...record.quarantinedKeys.map(
      (key) => `key ${key} is answered by nobody; release it when its cause is mended`,
    ),
  ];
}

/** Somebody has not heard of the newest tables, and has said nothing for long. */
function silentRouters(record: ServiceRecord, silenceMs: number, nowMs: number): readonly string[] {
  const known = acknowledged(record);
  const isBehind = known.generation < (record.ring?.generation ?? 0);
  const isOld = known.routes < record.routes.number;
  if (!isBehind && !isOld) return [];
  return [...record.routers.values()].flatMap(({ id, standing, seenMs, generation, routes }) => {
    const isWaitedFor = generation <= known.generation || routes <= known.routes;
    const silentMs = nowMs - seenMs;
    if (standing !== 'live' || !isWaitedFor || silentMs < silenceMs) return [];
    return [`router ${id} has been silent for ${silentMs} ms; say that it is gone, if it is`];
  });
}

function stuckDrains(record: ServiceRecord, nowMs: number): readonly string[] {
  return [...record.instances.values()].flatMap(({ id, revision, life }) => {
    const { drain } = specOf(record, revision).health;
    const sinceMs = nowMs - life.sinceMs;
    if (life.state !== 'draining' || drain === undefined || sinceMs < drain.timeout) return [];
    return [
      `${id} has been draining for ${sinceMs} ms, and may stop after ${drain.timeout}; ` +
        'stop it, or keep it',
    ];
  });
}

/** What is asked for was aborted. */
function blockedTarget({ goal, revisions }: ServiceRecord): readonly string[] {
  const target = revisions.find(({ id }) => id === goal.target);
  if (target === undefined || target.blocked === null || goal.target === goal.stable) return [];
  return [`${target.version} was given up: ${target.blocked}; retry, or apply another one`];
}

/** It goes by itself, but for what it waits for. */
function removed(
  { removal, instances, isFrozen }: ServiceRecord,
  nowMs: number,
): readonly string[] {
  if (!removal || !isFrozen) return [];
  const sinceMs = nowMs - removal.sinceMs;
  return [
    `it is to be removed for ${sinceMs} ms, ${instances.size} are left, and it is frozen: resume`,
  ];
}

function pausedRollout({ controllers }: ServiceRecord): readonly string[] {
  const rollout = controllers.rollout as {
    readonly phase?: string;
    readonly status?: { readonly pausedFor: string | null };
  } | null;
  const why = rollout?.status?.pausedFor ?? null;
  if (rollout?.phase !== 'paused' || why === null) return [];
  return [`the rollout is paused: ${why}; promote, resume or abort`];
}
