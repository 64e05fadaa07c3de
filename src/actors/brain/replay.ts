/**
 * Runs the passes of a journal again and compares what they decide with what was decided then. With the
 * build that wrote it there is no difference; with another one the first difference shows what the
 * change of code changes. Pure.
 */
import { recordOf } from '../arbiter/record-data.ts';
import type { ControllerName } from './controllers.ts';
import { decisionText, type JournalSpan, replayedMetric } from './journal.ts';
import { runPass } from './run-pass.ts';

/** What a replay came to. */
export type ReplayReport = {
  readonly passes: number;
  readonly decisions: number;
  /** The first pass that decided something else; null: none did. */
  readonly difference: {
    readonly pass: number;
    readonly nowMs: number;
    readonly recorded: string;
    readonly replayed: string;
  } | null;
};

/** One span. Throws `SyntaxError` for what is no journal. */
export function replaySpan({ keyframe, passes }: JournalSpan): ReplayReport {
  let record = recordOf(keyframe);
  let decisions = 0;
  for (const [pass, noted] of passes.entries()) {
    if (record === null) break;
    const { observations, intents, silent, around, readings } = noted;
    const result = runPass(record, {
      observations,
      intents,
      silent: silent as readonly ControllerName[],
      around: { ...around, metric: replayedMetric(readings) },
    });
    decisions += result.decisions.length;
    const now = decisionText(result.decisions);
    if (now !== noted.decided) {
      const difference = { pass, nowMs: around.nowMs, recorded: noted.decided, replayed: now };
      return { passes: pass + 1, decisions, difference };
    }
    record = result.record;
  }
  return { passes: passes.length, decisions, difference: null };
}
