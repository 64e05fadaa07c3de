/** What happens in a system, as rows that people read: one line, and the failure with its causes. Pure. */
import type { RuntimeEvent } from '../../runtime/index.ts';
import type { RowOf } from '../protocol/topics.ts';
import type { Redaction } from './redaction.ts';

/** Before it is dated. */
export type EventRow = Omit<RowOf<'events'>, 'atMs'>;

/** Characters of a name, of a message, and of a stack; causes down a chain. */
const NAME_MAX = 200;
const MESSAGE_MAX = 2000;
const STACK_MAX = 8000;
const CAUSES_MAX = 8;

/** Never throws, whatever was thrown there. */
export function eventRow(event: RuntimeEvent, redact: Redaction): EventRow {
  const path = 'path' in event ? event.path : null;
  const thread = 'thread' in event ? event.thread : null;
  const failure = 'error' in event ? readable(event.error, redact) : null;
  const why = failure === null ? '' : `: ${failure.name}: ${failure.message.split('\n', 1)[0]}`;
  return { kind: event.kind, path, thread, text: `${textOf(event)}${why}`, failure };
}

function textOf(event: RuntimeEvent): string {
  switch (event.kind) {
    case 'actor-crashed':
      return `${event.path} crashed`;
    case 'restart-waits':
      return `${event.path} begins again in ${Math.round(event.delayMs)} ms (back-off)`;
    case 'escalated':
      return `${event.path} crashed too often; its supervisor gave up`;
    case 'snapshot-failed':
      return `${event.path} could not store its state`;
    case 'unhandled':
      return `an error on thread ${event.thread} that nobody caught`;
    case 'thread-lost':
      return `thread ${event.thread} is lost (${event.reason})`;
    case 'thread-replaced':
      return `thread ${event.thread} was replaced after ${Math.round(event.afterMs)} ms`;
    case 'thread-fenced':
      return `thread ${event.thread} could not be ended and was fenced`;
    case 'ring-corrupt':
      return `a ring to thread ${event.thread} holds what nobody wrote`;
  }
}

/** What was thrown is the user's object, and may have getters. */
function readable(thrown: unknown, redact: Redaction): EventRow['failure'] {
  try {
    return failureOf(thrown, redact);
  } catch {
    return { name: 'thrown', message: 'a value that cannot be read', stack: '', causes: [] };
  }
}

function failureOf(thrown: unknown, redact: Redaction): EventRow['failure'] {
  const causes = causesOf(thrown).map(({ name, message }) => ({
    name: redact(name, NAME_MAX),
    message: redact(message, MESSAGE_MAX),
  }));
  const [first = { name: 'Error', message: '' }, ...others] = causes;
  return { ...first, stack: redact(stackOf(thrown), STACK_MAX), causes: others };
}

/** Of an error, of a record of one, of anything. */
function causesOf(thrown: unknown): readonly { readonly name: string; readonly message: string }[] {
  const chain: { readonly name: string; readonly message: string }[] = [];
  let at = thrown;
  while (chain.length <= CAUSES_MAX) {
    const inner = unwrapped(at);
    if (!isRecord(inner)) {
      chain.push({ name: 'thrown', message: String(inner) });
      return chain;
    }
    const { name = 'Error', message = '', cause } = inner;
    chain.push({ name: String(name), message: String(message) });
    if (cause === undefined || cause === null) return chain;
    at = cause;
  }
  return chain;
}

/** What a thread could not send as it is comes as a record of it. */
function unwrapped(thrown: unknown): unknown {
  if (!isRecord(thrown) || thrown instanceof Error) return thrown;
  return thrown.error ?? thrown.value ?? thrown;
}

function stackOf(thrown: unknown): string {
  const inner = unwrapped(thrown);
  return isRecord(inner) && typeof inner.stack === 'string' ? inner.stack : '';
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;
