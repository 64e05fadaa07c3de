/** A system as a source: looked at on its own thread, told as plain data. */
import {
  type System,
  TRACED_MAX,
  type TraceBudget,
  type TraceReport,
} from '../../runtime/index.ts';
import { after } from '../system-time.ts';
import { askedOf, type FleetDoor } from './fleet-door.ts';
import { letterRow } from './letter-row.ts';
import type { Meters } from './meters.ts';
import { measured } from './metric-look.ts';
import { type Redaction, SECRET_MAX } from './redaction.ts';
import type { Source, ToInspector } from './source.ts';

/** Characters of what a fleet's host says of its failure. */
const MESSAGE_MAX = 2000;

/** What a source is made of. */
export type SourceParts = {
  readonly system: System;
  readonly fleet: FleetDoor | null;
  readonly post: (message: ToInspector) => void;
  /** Of texts that people wrote. */
  readonly redact: Redaction;
  /** Of all texts in plain data. */
  readonly meters: Meters;
  readonly redactAll: (value: unknown) => unknown;
};

/** Thread rule: the thread that started the system. */
export function sourceOf(parts: SourceParts): Source {
  const { system, fleet, meters, post, redact, redactAll } = parts;
  const traces = new Map<number, () => void>();
  return {
    figures: () => Promise.resolve(figuresOf(system)),
    deadLetters: () =>
      Promise.resolve(system.deadLetterNotes.last().map((note) => letterRow(note, redact))),
    measure: (path) => Promise.resolve(meters.ask(path)),
    metrics: () => measured({ system, fleet, redact, after }),
    stop: async (path, dryRun) => {
      const ref = system.lookup(path);
      if (ref === null) return false;
      if (!dryRun) await system.stop(ref);
      return true;
    },
    trace: (trace, path, budget) => {
      const ref = system.lookup(path);
      if (ref === null) return Promise.resolve(false);
      const end = system.trace(ref, budget, (report) => {
        if (report.end !== null) traces.delete(trace);
        post({ kind: 'traced', trace, report: redacted(report, budget, redact) });
      });
      traces.set(trace, end);
      return Promise.resolve(true);
    },
    untrace: (trace) => {
      traces.get(trace)?.();
      return Promise.resolve();
    },
    fleet: async (method, params) => {
      const answer = await askedOf(fleet, method, params);
      if ('result' in answer) return { result: redactAll(answer.result) };
      return { ...answer, message: redact(answer.message, MESSAGE_MAX) };
    },
  };
}

function redacted(report: TraceReport, { payloads }: TraceBudget, redact: Redaction): TraceReport {
  const said = (text: string | null, madeMax: number): string | null =>
    text === null ? null : redact(text, madeMax - SECRET_MAX);
  // An expression is whole or not there at all.
  const carried = (text: string | null): string | null =>
    payloads !== 'source' || text === null
      ? said(text, TRACED_MAX.payload)
      : redact(text, TRACED_MAX.source);
  const messages = report.messages.map((one) => ({
    ...one,
    error: said(one.error, TRACED_MAX.error),
    payload: carried(one.payload),
  }));
  const actor =
    report.actor === null ? null : { ...report.actor, args: carried(report.actor.args) };
  return { ...report, actor, messages };
}

function figuresOf(system: System): Awaited<ReturnType<Source['figures']>> {
  const { threads, total, inFlight, deadLetters, lost, rings } = system.figures();
  return {
    threads: threads.map(({ thread, counters }) => ({ thread, counters: { ...counters } })),
    total: { ...total },
    inFlight,
    deadLetters,
    lost,
    rings: rings.map(({ from, to, data, control }) => ({ from, to, data, control })),
  };
}
