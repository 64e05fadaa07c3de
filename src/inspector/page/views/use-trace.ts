/** A trace of an actor's messages: begun and ended by somebody, and over when the view is left. */
import type { ParamsOf } from '../../protocol/schema.ts';
import type { Traced } from '../connection/connection.ts';
import { useEffect, useRef, useState } from '../preact.ts';
import { useSession } from './use-session.ts';

/** The last so many are shown. */
const SHOWN = 200;

/** One message. */
export type TracedMessage = Traced['params']['messages'][number];

/** How it stands. */
export type TraceState = {
  /** Newest first. */
  readonly messages: readonly TracedMessage[];
  readonly all: number;
  readonly skipped: number;
  readonly status: 'none' | 'asked' | 'running' | 'over';
  /** Why it is over, or was not begun. */
  readonly because: string;
};

const NONE: TraceState = { messages: [], all: 0, skipped: 0, status: 'none', because: '' };
const ENDS: Readonly<Record<NonNullable<Traced['params']['end']>, string>> = {
  max: 'It has told as many messages as it was to.',
  ttl: 'Its time is over.',
  stopped: 'The actor has ended.',
  asked: 'It was ended.',
};

/** The trace, and how to begin and end it. */
export function useTrace() {
  const { connection } = useSession();
  const [state, setState] = useState<TraceState>(NONE);
  const trace = useRef<number | null>(null);
  useEffect(() => {
    const listener = (told: Traced): void => {
      if (told.trace === trace.current) setState((before) => afterEvent(before, told));
    };
    connection.traceListeners.add(listener);
    const unwatch = connection.changes.watch(() => {
      if (connection.state.kind === 'open' || trace.current === null) return;
      trace.current = null;
      setState((before) => ({ ...before, status: 'over', because: 'The connection was lost.' }));
    });
    return () => {
      unwatch();
      connection.traceListeners.delete(listener);
      end(trace.current);
    };
  }, [connection]);
  const end = (which: number | null): void => {
    // Whether it was over already makes no difference.
    if (which !== null) connection.ask('Trace.stop', { trace: which }).catch(() => undefined);
  };
  const begin = (params: ParamsOf<'Trace.start'>): void => {
    setState({ ...NONE, status: 'asked' });
    connection.ask('Trace.start', params).then(
      (begun) => {
        trace.current = begun.trace;
        setState((before) => ({ ...before, status: 'running' }));
      },
      (error) => setState({ ...NONE, status: 'over', because: (error as Error).message }),
    );
  };
  return { state, begin, end: () => end(trace.current) };
}

function afterEvent(
  before: TraceState,
  { params: { messages, skipped, end } }: Traced,
): TraceState {
  return {
    messages: [...[...messages].reverse(), ...before.messages].slice(0, SHOWN),
    all: before.all + messages.length,
    skipped: before.skipped + skipped,
    status: end === null ? before.status : 'over',
    because: end === null ? '' : ENDS[end],
  };
}
