/**
 * `ringmaster diagnose`: what is wrong, with the evidence and the next command. It looks at what a host
 * says of its services; each rule is one sentence with its cure.
 */
import type { FleetListed, ServiceDetail } from '../../drivers/client.ts';
import type { Command } from '../command.ts';
import { CommandError, EXIT } from '../exit-codes.ts';
import { type CommonOptions, withHost } from '../host-door.ts';
import { print, printable, printData } from '../output.ts';

/** One thing that is wrong. */
export type Finding = {
  readonly service: string;
  readonly what: string;
  readonly evidence: readonly string[];
  readonly next: string;
};

/** Ends of one slot that are no accident any more. */
const CRASHES_MIN = 3;

/** Adds it. */
export function addDiagnose(program: Command): void {
  program
    .command('diagnose')
    .description('what is wrong, with evidence and the next command')
    .option('-o, --output <form>', 'table or json', 'table')
    .action(async (_, command: Command) => {
      const options = command.optsWithGlobals<CommonOptions & { readonly output: string }>();
      const { output } = options;
      if (output !== 'table' && output !== 'json') {
        throw new CommandError(EXIT.usage, `-o is ${output}; expected table or json.`);
      }
      const findings = await withHost(options, async (host) => {
        const { services } = await host.ask<FleetListed>('Fleet.list');
        const details = await Promise.all(
          services.map(({ service }) => host.ask<ServiceDetail>('Service.get', { service })),
        );
        return details.flatMap(findingsOf);
      });
      if (output === 'json') await printData('json', 'Diagnosis', { findings });
      else print(findings.map(textOf).join('\n') || 'nothing is wrong that can be seen from here');
      if (findings.length > 0) process.exitCode = EXIT.degraded;
    });
}

/** What is wrong with one service; empty: nothing that can be seen. */
export function findingsOf(detail: ServiceDetail): readonly Finding[] {
  const { summary, failures, revisions, instances } = detail;
  const { service, ready, wanted, heldBy, attention, isFrozen, isFleetFrozen } = summary;
  const found: Finding[] = attention.map((what) => ({
    service,
    what,
    evidence: [summary.message],
    next: `ringmaster why ${service}`,
  }));
  if (heldBy !== null) {
    const what = 'an invariant did not hold: nothing is taken away until somebody has looked';
    found.push({ service, what, evidence: [heldBy], next: `ringmaster describe ${service}` });
  }
  if (isFrozen) {
    const whose = isFleetFrozen ? 'the fleet' : 'it';
    const next = `ringmaster freeze ${isFleetFrozen ? '' : `${service} `}--off`;
    found.push({
      service,
      what: `${whose} is frozen: only what is urgent is done`,
      evidence: [],
      next,
    });
  }
  const blocked = revisions.filter((one) => one.blocked !== null && one.role.includes('target'));
  for (const { version, blocked: why } of blocked) {
    const what = `${version} was given up`;
    found.push({ service, what, evidence: [String(why)], next: `ringmaster undo ${service}` });
  }
  for (const [slot, ends] of crashes(failures)) {
    const what = `${slot} ends by itself again and again`;
    found.push({ service, what, evidence: ends, next: `ringmaster why ${slot}` });
  }
  if (found.length === 0 && ready < wanted && summary.phase === 'idle') {
    const missing = instances.filter(({ state }) => state !== 'ready');
    const evidence = missing.map(({ instance, state }) => `${instance} is ${state}`);
    const what = `${ready} of ${wanted} instances are ready`;
    found.push({ service, what, evidence, next: `ringmaster why ${service}` });
  }
  return found;
}

function crashes(failures: ServiceDetail['failures']): readonly (readonly [string, string[]])[] {
  const bySlot = new Map<string, string[]>();
  for (const { instance, signature } of failures) {
    const slot = instance.slice(0, instance.indexOf('#'));
    bySlot.set(slot, [...(bySlot.get(slot) ?? []), `${instance}: ${signature}`]);
  }
  return [...bySlot].filter(([, ends]) => ends.length >= CRASHES_MIN);
}

function textOf({ service, what, evidence, next }: Finding): string {
  const lines = [
    `${service}: ${what}`,
    ...evidence.map((one) => `    ${one}`),
    `    next: ${next}`,
  ];
  return lines.map(printable).join('\n');
}
