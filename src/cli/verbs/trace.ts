/** `ringmaster trace`: the messages of one actor, live, within a budget. */
import type { TraceEvent } from '../../inspector/index.ts';
import type { Command } from '../command.ts';
import { CommandError, EXIT } from '../exit-codes.ts';
import { connectInspector } from '../inspector-client.ts';
import { lengthMs } from '../length-of-time.ts';
import { print, printAside, printable } from '../output.ts';
import { addressOf, type InspectorOptions } from './inspect.ts';

type TraceOptions = InspectorOptions & {
  readonly max: string;
  readonly perSecond: string;
  readonly for: string;
  readonly payloads?: boolean;
  readonly output: string;
};

const ENDS: Readonly<Record<string, string>> = {
  max: 'as many messages as were asked for',
  ttl: 'the time is over',
  stopped: 'the actor is no more',
  asked: 'it was ended',
};

/** Adds it. */
export function addTrace(program: Command): void {
  program
    .command('trace <path>')
    .description('messages of an actor as it handles them; needs an inspector (up --inspect)')
    .option('--max <count>', 'messages in all', '100')
    .option('--per-second <count>', 'messages in a second; what is more is counted', '100')
    .option('--for <time>', 'how long', '1m')
    .option('--payloads', 'what they carry; for an admin, where the inspector was started so')
    .option('--url <url>', 'socket of an inspector; default: of the running host')
    .option('--token-file <file>', 'its token; needed with --url')
    .option('-o, --output <form>', 'table or ndjson', 'table')
    .action(async (path: string, _, command: Command) => {
      await trace(path, command.optsWithGlobals<TraceOptions>());
    });
}

async function trace(path: string, options: TraceOptions): Promise<void> {
  const { output, payloads = false } = options;
  if (output !== 'table' && output !== 'ndjson') {
    throw new CommandError(EXIT.usage, `-o is ${output}; expected table or ndjson.`);
  }
  const budget = {
    max: countOf(options.max, '--max'),
    perSecond: countOf(options.perSecond, '--per-second'),
    ttlMs: lengthMs(options.for, '--for'),
  };
  const client = await connectInspector(await addressOf(options, payloads ? 'admin' : 'operator'));
  const over = new Promise<void>((resolve) => {
    client.onTrace = ({ params }) => {
      for (const message of params.messages) {
        print(output === 'ndjson' ? JSON.stringify(message) : lineOf(message));
      }
      if (params.skipped > 0) printAside(`${params.skipped} more in that time`);
      if (params.end === null) return;
      printAside(`over: ${ENDS[params.end]}`);
      resolve();
    };
  });
  try {
    await client.ask('Trace.start', { path, ...budget, ...(payloads ? { payloads } : {}) });
    const hungUp = client.closed.then(() => {
      throw client.ended();
    });
    await Promise.race([over, hungUp]);
  } finally {
    client.close();
  }
}

function lineOf(message: TraceEvent['params']['messages'][number]): string {
  const { atMs, tookMs, depth, name, outcome, error, payload } = message;
  const at = `${(atMs / 1000).toFixed(3)} s`.padStart(10);
  const took = `${tookMs.toFixed(3)} ms`.padStart(12);
  const how = outcome === 'failed' ? `  failed: ${printable(error ?? '')}` : '';
  const what = payload === null ? '' : `  ${printable(payload)}`;
  return `${at} ${took} ${String(depth).padStart(6)} waiting  ${printable(name)}${what}${how}`;
}

function countOf(text: string, option: string): number {
  const count = Number(text);
  if (Number.isInteger(count) && count > 0) return count;
  throw new CommandError(EXIT.usage, `${option} is ${text}; expected a whole number above 0.`);
}
