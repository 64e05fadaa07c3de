/** Decisions are dated by the clock of the fleet's brain: this finds how it stands to the clock of people. */
import { useMemo } from '../preact.ts';
import { useAnswer } from './use-answer.ts';
import { useSession, useTable } from './use-session.ts';

/** Milliseconds between two looks at the clock: both go on alike, so rarely. */
const LOOK_MS = 60_000;

/** Milliseconds since 1970 of a decision; null: not known yet. */
export function useDecisionTime(): ((atMs: number) => number) | null {
  const { connection, replay } = useSession();
  const { rows } = useTable('services');
  const [service] = rows.keys();
  const { result } = useAnswer('Service.get', service === undefined ? null : { service }, LOOK_MS);
  return useMemo(() => {
    if (replay !== null) {
      const { decisionsBehindMs } = replay.file;
      if (decisionsBehindMs === null) return null;
      return (atMs) => connection.peopleMs(atMs + decisionsBehindMs);
    }
    if (result === null) return null;
    // The server's calendar, as of all else that is dated: that of whoever looks may be another one.
    const offsetMs = connection.peopleMs(connection.serverMs()) - result.nowMs;
    return (atMs) => atMs + offsetMs;
  }, [connection, replay, result]);
}
