/** `ringmaster describe`: all that is known of one service, and what waits for a human. */

import type { ServiceDetail } from '../../drivers/client.ts';
import type { Command } from '../command.ts';
import { CommandError, EXIT } from '../exit-codes.ts';
import { withFleet } from '../fleet-door.ts';
import { type InspectorOptions, TOKEN_OPTION, URL_OPTION } from '../inspector-address.ts';
import { print, printable, printData } from '../output.ts';
import { lengthOf } from './get.ts';

/** Adds it. */
export function addDescribe(program: Command): void {
  program
    .command('describe <service>')
    .description('all that is known of one service')
    .option('-o, --output <form>', 'table, json or yaml', 'table')
    .option(...URL_OPTION)
    .option(...TOKEN_OPTION)
    .action(async (service: string, _, command: Command) => {
      const options = command.optsWithGlobals<InspectorOptions & { readonly output: string }>();
      const detail = await withFleet(options, (fleet) =>
        fleet.ask<ServiceDetail>('Service.get', { service }),
      );
      const { output } = options;
      if (output === 'json' || output === 'yaml') await printData(output, 'Service', { ...detail });
      else if (output === 'table') print(printedLines(detail).map(printable).join('\n'));
      else throw new CommandError(EXIT.usage, `-o is ${output}; expected table, json or yaml.`);
    });
}

function printedLines(detail: ServiceDetail): readonly string[] {
  const { summary, instances, revisions, autoscale, failures, operations } = detail;
  const { service, kind, state, version, target, ready, wanted, generation, routes } = summary;
  const hold = autoscale?.hold ?? null;
  return [
    `${service}: ${state}`,
    `  kind        ${kind}`,
    `  version     ${target === null ? version : `${version}, going to ${target}`}`,
    `  rollout     ${summary.phase} ${summary.step}: ${summary.message}`,
    `  instances   ${ready} of ${wanted} are ready`,
    `  tables      ring ${generation ?? 'none'}, routes ${routes}`,
    `  healing     ${summary.healing}`,
    ...(autoscale === null
      ? []
      : [
          `  autoscale   ${hold === null ? 'by itself' : `held at ${hold}`}; demand ${summary.demand}`,
        ]),
    `  under way   ${operations} operations${summary.isFrozen ? '; frozen' : ''}`,
    ...(summary.heldBy === null ? [] : [`  held        ${summary.heldBy}`]),
    ...summary.attention.map((what) => `  needs you   ${what}`),
    'revisions',
    ...revisions.map(
      ({ id, version: name, role, blocked }) =>
        `  ${name} (${id})  ${role}${blocked === null ? '' : `  blocked: ${blocked}`}`,
    ),
    'instances',
    ...instances.map(
      (one) =>
        `  ${one.instance}  ${one.version}  ${one.state} for ${lengthOf(one.forMs)}` +
        `${one.isEjected ? ', out of the traffic' : ''}${one.isGoing ? ', going' : ''}`,
    ),
    ...(failures.length === 0 ? [] : ['ended by themselves']),
    ...failures
      .slice(-10)
      .map(
        ({ instance, signature, key, agoMs }) =>
          `  ${instance}  ${signature}${key === null ? '' : ` on key ${key}`}  ${lengthOf(agoMs)} ago`,
      ),
  ];
}
