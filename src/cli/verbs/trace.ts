/** `ringmaster trace`: the messages of one actor, live, within a budget. */
import { writeFile } from 'node:fs/promises';
import type { TraceEvent } from '../../inspector/index.ts';
import type { Command } from '../command.ts';
import { CommandError, EXIT } from '../exit-codes.ts';
import {
  addressOf,
  type InspectorOptions,
  TOKEN_OPTION,
  URL_OPTION,
} from '../inspector-address.ts';
import { connectInspector } from '../inspector-client.ts';
import { lengthMs } from '../length-of-time.ts';
import { jsonText, print, printAside, printable } from '../output.ts';
import { CrashRecorder, type CrashRecording } from '../replay/crash-recording.ts';

type TraceOptions = InspectorOptions & {
  readonly max?: string;
  readonly perSecond?: string;
  readonly for: string;
  readonly payloads?: boolean;
  readonly recordCrash?: string;
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
    .option('--max <count>', 'messages in all (default: 100; with --record-crash 10000)')
    .option('--per-second <count>', 'in a second; what is more is counted (default: 100, or 1000)')
    .option('--for <time>', 'how long', '1m')
    .option('--payloads', 'what they carry; for an admin, where the inspector was started so')
    .option(
      '--record-crash <file>',
      'until it fails: what it was told goes into the file, for replay',
    )
    .option(...URL_OPTION)
    .option(...TOKEN_OPTION)
    .option('-o, --output <form>', 'table or ndjson', 'table')
    .action(async (path: string, _, command: Command) => {
      await trace(path, command.optsWithGlobals<TraceOptions>());
    });
}

async function trace(path: string, options: TraceOptions): Promise<void> {
  const { output, recordCrash: file } = options;
  const payloads = file !== undefined ? 'source' : options.payloads === true ? 'text' : null;
  if (output !== 'table' && output !== 'ndjson') {
    throw new CommandError(EXIT.usage, `-o is ${output}; expected table or ndjson.`);
  }
  const budget = {
    max: countOf(options.max ?? (file === undefined ? '100' : '10000'), '--max'),
    perSecond: countOf(options.perSecond ?? (file === undefined ? '100' : '1000'), '--per-second'),
    ttlMs: lengthMs(options.for, '--for'),
  };
  const client = await connectInspector(
    await addressOf(options, payloads === null ? 'operator' : 'admin'),
  );
  const recorder = file === undefined ? null : new CrashRecorder(path);
  const over = new Promise<CrashRecording | null>((resolve) => {
    client.onTrace = ({ params }) => {
      const crash = recorder?.hear(params) ?? null;
      for (const message of params.messages) {
        print(output === 'ndjson' ? jsonText(message) : lineOf(message));
      }
      if (params.skipped > 0) printAside(`${params.skipped} more in that time`);
      if (params.end !== null) printAside(`over: ${ENDS[params.end]}`);
      if (params.end !== null || crash !== null) resolve(crash);
    };
  });
  try {
    const carried = payloads === null ? {} : { payloads };
    await client.ask('Trace.start', { path, ...budget, ...carried });
    const hungUp = client.closed.then(() => {
      throw client.ended();
    });
    const crash = await Promise.race([over, hungUp]);
    if (file !== undefined) await keep(crash, file);
  } finally {
    client.close();
  }
}

/** @throws (rejects) CommandError when there was none */
async function keep(crash: CrashRecording | null, file: string): Promise<void> {
  if (crash === null) throw new CommandError(EXIT.timeout, 'it did not fail in that time.');
  // What messages carried is nobody else's to read.
  await writeFile(file, `${JSON.stringify(crash, null, 2)}\n`, { mode: 0o600 });
  printAside(`${crash.messages.length} messages are in ${file}; see ringmaster replay --help`);
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
