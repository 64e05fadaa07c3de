/** `ringmaster scale`, `autoscale`, `drain`, `replace`, `release`, `freeze`: orders beside a rollout. */
import type { ChangeAnswer, HostClient, ServiceDetail } from '../../drivers/client.ts';
import type { Command } from '../command.ts';
import { CommandError, EXIT } from '../exit-codes.ts';
import { type CommonOptions, withHost } from '../host-door.ts';
import { lengthMs } from '../length-of-time.ts';
import { print } from '../output.ts';

/** Adds them. */
export function addScale(program: Command): void {
  program
    .command('scale <service> <count>')
    .description('hold a service at a number; one that scales itself goes on after --for')
    .option('--for <length>', 'such as 30m; default: until `autoscale`')
    .action(async (service: string, count: string, _, command: Command) => {
      const options = command.optsWithGlobals<CommonOptions & { readonly for?: string }>();
      const forMs = options.for === undefined ? undefined : lengthMs(options.for, '--for');
      const wanted = countOf(count);
      const verdict = await withHost(options, (host) =>
        host.ask<ChangeAnswer>('Service.hold', {
          service,
          count: wanted,
          ...(forMs === undefined ? {} : { forMs }),
        }),
      );
      report(`${service}: ${wanted} are wanted`, verdict);
    });
  program
    .command('autoscale <service>')
    .description('end a hold: the service scales itself again')
    .action(async (service: string, _, command: Command) => {
      await withHost(command.optsWithGlobals<CommonOptions>(), async (host) => {
        const { autoscale, summary, spec } = await host.ask<ServiceDetail>('Service.get', {
          service,
        });
        await host.ask('Service.hold', { service, count: null });
        if ((spec as { readonly autoscale?: unknown }).autoscale === undefined) {
          const stays = `it stays at ${summary.demand}; \`scale\` changes that`;
          print(`${service}: nothing to do, its fleet gives it no autoscale: ${stays}`);
        } else if ((autoscale?.hold ?? null) === null) {
          print(`${service}: nothing to do, nobody holds it: it scales by itself`);
        } else print(`${service}: scales by itself`);
      });
    });
  program
    .command('drain <instance>')
    .description('take an instance out, gently; a slot that is needed gets another one')
    .option('--cancel', 'keep it after all')
    .action(async (instance: string, _, command: Command) => {
      const options = command.optsWithGlobals<CommonOptions & { readonly cancel?: boolean }>();
      const cancel = options.cancel === true;
      const verdict = await withHost(options, (host) =>
        host.ask<ChangeAnswer>('Instance.drain', { instance, cancel }),
      );
      report(`${instance}: ${cancel ? 'is kept' : 'leaves'}`, verdict);
    });
  program
    .command('replace <instance>')
    .description('put another one in its place: ready first, then this one leaves')
    .action(async (instance: string, _, command: Command) => {
      const verdict = await withHost(command.optsWithGlobals<CommonOptions>(), (host) =>
        host.ask<ChangeAnswer>('Instance.replace', { instance }),
      );
      report(`${instance}: is replaced`, verdict);
    });
  program
    .command('release <service>')
    .description('go on after an invariant did not hold, and somebody has looked')
    .option('--key <key>', 'a quarantined key instead: it is answered again, its cause is mended')
    .action(async (service: string, _, command: Command) => {
      const options = command.optsWithGlobals<CommonOptions & { readonly key?: string }>();
      await withHost(options, (host) => release(host, service, options.key));
    });
  program
    .command('freeze [service]')
    .description('stop everything voluntary, of a service or of the fleet')
    .option('--off', 'go on')
    .action(async (service: string | undefined, _, command: Command) => {
      const options = command.optsWithGlobals<CommonOptions & { readonly off?: boolean }>();
      const isFrozen = options.off !== true;
      await withHost(options, (host) =>
        service === undefined
          ? host.ask('Fleet.freeze', { isFrozen })
          : host.ask('Service.freeze', { service, isFrozen }),
      );
      print(`${service ?? 'the fleet'}: ${isFrozen ? 'frozen' : 'goes on'}`);
    });
}

async function release(host: HostClient, service: string, key: string | undefined): Promise<void> {
  if (key !== undefined) {
    const verdict = await host.ask<ChangeAnswer>('Service.release', { service, key });
    report(`${service}: the key ${key} is answered again`, verdict);
    return;
  }
  const { summary } = await host.ask<ServiceDetail>('Service.get', { service });
  await host.ask('Service.release', { service });
  if (summary.heldBy !== null) print(`${service}: goes on`);
  else print(`${service}: nothing to do, every invariant holds: it was not stopped by one`);
}

/** What became of an order; what is refused is thrown before. @throws CommandError when it is delayed */
function report(what: string, { kind, note }: ChangeAnswer): void {
  if (kind === 'delayed') throw new CommandError(EXIT.waiting, `${kind} ${note}`);
  print(what);
}

function countOf(text: string): number {
  if (/^\d{1,6}$/.test(text)) return Number(text);
  throw new CommandError(EXIT.usage, `count is ${text}; expected a number from 0.`);
}
