#!/usr/bin/env node
/**
 * `ringmaster-agent --directory DIR -- COMMAND [ARGS]`: the agent as a process of its own. Prints
 * what a person should know to standard error; ends when the brain has ended.
 */
import { parseArgs } from 'node:util';
import { startAgent } from './agent.ts';
import type { BrainConfig } from './brain.config.ts';

const USAGE = `ringmaster-agent --directory DIR [options] -- COMMAND [ARGUMENTS]

Starts COMMAND, the brain, and starts it again when it dies or hangs. Keeps the processes that the
brain asks for; they go on when the brain or the agent dies.

  --directory DIR        state, socket, output and crash reports; made if it is not there
  --brain-output WHERE   file (DIR/brain.log, the default) or inherit
  --stall-after-ms N     no sign of life for so long: the brain is killed (default 5000)
  --start-ms N           time for its first sign of life (default 30000)
  --stop-ms N            from SIGTERM to SIGKILL (default 10000)
  --restarts-max N       restarts within a minute; more are a crash loop (default 8)
  --help                 this text

SIGTERM, SIGINT   end the brain, then the agent; children go on; the second one is hard
exit code         0 when the brain has ended with 0 or was ended; 1 when the agent cannot start
`;

async function main(): Promise<number | null> {
  // Whoever read it may be gone; the brain still needs its agent.
  process.stderr.on('error', () => undefined);
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      directory: { type: 'string' },
      'brain-output': { type: 'string' },
      'stall-after-ms': { type: 'string' },
      'start-ms': { type: 'string' },
      'stop-ms': { type: 'string' },
      'restarts-max': { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  const [command, ...args] = positionals;
  if (values.help) {
    process.stdout.write(USAGE);
    return 0;
  }
  const { directory, 'brain-output': brainOutput = 'file' } = values;
  if (directory === undefined || command === undefined) {
    throw new Error('--directory DIR and COMMAND are needed; see --help.');
  }
  if (brainOutput !== 'file' && brainOutput !== 'inherit') {
    throw new Error(`--brain-output is ${brainOutput}; expected file or inherit.`);
  }
  const config: Partial<BrainConfig> = {
    ...setting('stallAfterMs', values['stall-after-ms']),
    ...setting('startMs', values['start-ms']),
    ...setting('stopMs', values['stop-ms']),
    ...setting('restartsMax', values['restarts-max']),
  };
  const agent = await startAgent({
    directory,
    brain: { command, args },
    brainOutput,
    config,
    say: (text) => process.stderr.write(`ringmaster-agent: ${text}\n`),
    ended: (code) => process.exit(code),
  });
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => agent.stop());
  return null;
}

function setting(name: keyof BrainConfig, text: string | undefined): Partial<BrainConfig> {
  if (text === undefined) return {};
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > 86_400_000) {
    throw new Error(`${name} is ${text}; expected an integer from 1 to 86400000.`);
  }
  return { [name]: value };
}

main().then(
  (code) => {
    if (code !== null) process.exit(code);
  },
  (error: unknown) => {
    const text = error instanceof Error ? error.message : String(error);
    process.stderr.write(`ringmaster-agent: ${text}\n`);
    process.exit(1);
  },
);
