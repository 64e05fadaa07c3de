#!/usr/bin/env node
/**
 * `router-main --directory DIR --name NAME`: a router host as a process of its own, a child of the agent.
 * It ends when it is told to, after what is under way; nothing else ends it.
 */
import { parseArgs } from 'node:util';
import { startRouter } from './router.ts';

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      directory: { type: 'string' },
      name: { type: 'string' },
      zone: { type: 'string' },
      host: { type: 'string' },
    },
  });
  const { directory, name, zone, host } = values;
  if (directory === undefined || name === undefined) {
    throw new Error(
      '--directory DIR and --name NAME are needed; --zone ZONE and --host IP may be.',
    );
  }
  const router = await startRouter({
    directory,
    name,
    ...(zone === undefined ? {} : { zone }),
    ...(host === undefined ? {} : { host }),
  });
  let isEnding = false;
  const end = (): void => {
    // Who says it twice means it.
    if (isEnding) process.exit(1);
    isEnding = true;
    router.end().then(
      () => process.exit(0),
      () => process.exit(1),
    );
  };
  process.on('SIGTERM', end);
  process.on('SIGINT', end);
}

main().catch((error: unknown) => {
  process.stderr.write(`ringmaster-router: ${error instanceof Error ? error.message : error}\n`);
  process.exit(1);
});
