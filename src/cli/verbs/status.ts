/** `ringmaster status --for`: waits until a service, or all of them, are so; for scripts. */

import type { FleetListed, ServiceSummary } from '../../drivers/client.ts';
import type { Command } from '../command.ts';
import { CommandError, EXIT, type ExitCode, isUnreachable } from '../exit-codes.ts';
import { type CommonOptions, directoryOf, withHost } from '../host-door.ts';
import { lengthMs } from '../length-of-time.ts';
import { agentOf } from '../local-fleet.ts';
import { print, printAside } from '../output.ts';
import { AWAY_MS, elapsedMs, SignsOfWaiting, until } from '../watching.ts';

type StatusOptions = CommonOptions & { readonly for?: string; readonly timeout: string };

/** Between two looks, in milliseconds. */
const LOOK_MS = 200;
const WAITABLE: readonly string[] = ['healthy', 'paused', 'aborted'];
/** A state is how the command ends, when it waits for nothing. */
const CODES: Readonly<Record<ServiceSummary['state'], ExitCode>> = {
  healthy: EXIT.ok,
  progressing: EXIT.ok,
  paused: EXIT.waiting,
  attention: EXIT.waiting,
  aborted: EXIT.degraded,
};

/** Adds it. */
export function addStatus(program: Command): void {
  program
    .command('status [service]')
    .description('how it is, as an exit code; --for waits for healthy, paused or aborted')
    .option('--for <state>', 'healthy, paused or aborted')
    .option('--timeout <length>', 'how long to wait', '10m')
    .action(async (service: string | undefined, _, command: Command) => {
      const options = command.optsWithGlobals<StatusOptions>();
      const wanted = options.for;
      if (wanted === undefined) {
        const services = await servicesOf(options, service);
        print(services.map(lineOf).join('\n'));
        process.exitCode = Math.max(0, ...services.map(({ state }) => CODES[state]));
        return;
      }
      if (!WAITABLE.includes(wanted)) {
        throw new CommandError(EXIT.usage, `--for is ${wanted}; expected ${WAITABLE.join(', ')}.`);
      }
      await waitedFor(options, service, wanted);
    });
}

async function waitedFor(
  options: StatusOptions,
  service: string | undefined,
  wanted: string,
): Promise<void> {
  let last: readonly ServiceSummary[] = [];
  let heardMs: number | null = null;
  const begunMs = elapsedMs();
  const signs = new SignsOfWaiting(printAside);
  const found = await until(LOOK_MS, lengthMs(options.timeout, '--timeout'), async () => {
    try {
      last = await servicesOf(options, service);
      heardMs = elapsedMs();
    } catch (error) {
      if (!isUnreachable(error) || elapsedMs() - (heardMs ?? begunMs) > AWAY_MS) throw error;
      // While there is an agent it starts the host again: waiting is what was asked for.
      if (heardMs === null && (await agentOf(directoryOf(options))) === null) throw error;
      signs.show('the host does not answer; it may be starting again');
      return null;
    }
    signs.show(last.map(lineOf).join('; '));
    const isSo = last.length > 0 && last.every(({ state }) => state === wanted);
    // What will not become healthy by itself is not waited for.
    const isLost = wanted === 'healthy' && last.some(({ state }) => state === 'aborted');
    return isSo || isLost ? last : null;
  });
  const text = last.map(lineOf).join('\n');
  if (found === null) {
    throw new CommandError(EXIT.timeout, `not ${wanted} after ${options.timeout}:\n${text}`);
  }
  print(text);
  if (found.some(({ state }) => state !== wanted)) process.exitCode = EXIT.degraded;
}

async function servicesOf(
  options: CommonOptions,
  service: string | undefined,
): Promise<readonly ServiceSummary[]> {
  const { services } = await withHost(options, (host) => host.ask<FleetListed>('Fleet.list'));
  const found = services.filter((one) => service === undefined || one.service === service);
  if (service === undefined || found.length > 0) return found;
  const known = services.map((one) => one.service).join(', ') || 'none';
  throw new CommandError(EXIT.usage, `there is no service ${service}; there are: ${known}.`);
}

function lineOf({ service, state, version, target, ready, wanted, message }: ServiceSummary) {
  const what = target === null ? version : `${version} → ${target}`;
  return `${service}: ${state}, ${what}, ${ready} of ${wanted} ready; ${message}`;
}
