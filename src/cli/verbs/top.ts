/** `ringmaster top`: what instances have to do and what they use, the busiest first. */

import type { InstanceLoad } from '../../drivers/client.ts';
import type { Command } from '../command.ts';
import { CommandError, EXIT } from '../exit-codes.ts';
import { withFleet } from '../fleet-door.ts';
import { type InspectorOptions, TOKEN_OPTION, URL_OPTION } from '../inspector-address.ts';
import { type Column, formOf, print, printList, tableText } from '../output.ts';
import { every } from '../watching.ts';
import { type TopActorsOptions, topActors } from './top-actors.ts';

type TopOptions = InspectorOptions & {
  readonly sort: string;
  readonly output: string;
  readonly last?: string;
  readonly once?: boolean;
  readonly actors?: boolean;
};

/** Between two looks, in milliseconds. Shorter: more questions to the host. */
const LOOK_MS = 2000;
const MIB = 2 ** 20;

const SORTS: Readonly<Record<string, (one: InstanceLoad) => number>> = {
  cpu: ({ cores }) => cores ?? -1,
  memory: ({ memoryBytes }) => memoryBytes ?? -1,
  rate: ({ rate }) => rate ?? -1,
  errors: ({ errorRatio }) => errorRatio ?? -1,
  p99: ({ p99Ms }) => p99Ms ?? -1,
};

/** Adds it. */
export function addTop(program: Command): void {
  program
    .command('top [service]')
    .description('what instances have to do and what they use; on a terminal again and again')
    .option('--sort <column>', `${Object.keys(SORTS).join(', ')}: the highest first`, 'cpu')
    .option('--once', 'one look, also on a terminal')
    .option('-o, --output <form>', 'table, json, ndjson, yaml or name', 'table')
    .option(
      '--actors',
      'actors of an inspector instead, by depth, waitUs, rate, handled or restarts',
    )
    .option('--filter <text>', 'with --actors: those whose path contains it', '')
    .option('--role <role>', 'with --actors: an admin may end them', 'viewer')
    .option(...URL_OPTION)
    .option(...TOKEN_OPTION)
    .action(async (service: string | undefined, _, command: Command) => {
      const options = command.optsWithGlobals<TopOptions & TopActorsOptions>();
      if (options.actors === true) {
        await topActors({ ...options, sort: options.sort === 'cpu' ? 'depth' : options.sort });
        return;
      }
      const form = formOf(options.output);
      const by = Object.hasOwn(SORTS, options.sort) ? SORTS[options.sort] : undefined;
      if (by === undefined) {
        const known = Object.keys(SORTS).join(', ');
        throw new CommandError(EXIT.usage, `--sort is ${options.sort}; expected one of ${known}.`);
      }
      const look = async (): Promise<readonly InstanceLoad[]> => {
        const { instances } = await withFleet(options, (fleet) =>
          fleet.ask<{ readonly instances: readonly InstanceLoad[] }>(
            'Fleet.top',
            service === undefined ? {} : { service },
          ),
        );
        return instances.toSorted((a, b) => by(b) - by(a));
      };
      const isLive = options.once !== true && process.stdout.isTTY === true && form === 'table';
      if (!isLive) await printList(form, listingOf(await look()));
      else await live(look);
    });
}

/** As many lines as the terminal has. */
async function live(look: () => Promise<readonly InstanceLoad[]>): Promise<never> {
  return await every(LOOK_MS, async () => {
    const rows = (await look()).slice(0, Math.max(1, (process.stdout.rows ?? 24) - 2));
    print(`\u001b[2J\u001b[H${tableText('table', listingOf(rows))}`);
  });
}

function listingOf(items: readonly InstanceLoad[]) {
  const nameOf = ({ instance }: InstanceLoad): string => instance;
  return { kind: 'Load', items, columns: COLUMNS, nameOf };
}

const COLUMNS: readonly Column<InstanceLoad>[] = [
  { title: 'INSTANCE', of: ({ instance }) => instance },
  { title: 'VERSION', of: ({ version }) => version },
  { title: 'PID', of: ({ pid }) => (pid === null ? '' : String(pid)) },
  { title: 'CPU', of: ({ cores }) => figure(cores, (value) => `${(100 * value).toFixed(0)} %`) },
  {
    title: 'MEMORY',
    of: ({ memoryBytes }) => figure(memoryBytes, (value) => `${(value / MIB).toFixed(0)} MiB`),
  },
  { title: 'REQUESTS/S', of: ({ rate }) => figure(rate, (value) => value.toFixed(1)) },
  {
    title: 'ERRORS',
    of: ({ errorRatio }) => figure(errorRatio, (value) => `${(100 * value).toFixed(1)} %`),
  },
  { title: 'P99', of: ({ p99Ms }) => figure(p99Ms, (value) => `${value.toFixed(1)} ms`) },
];

function figure(value: number | null, text: (value: number) => string): string {
  return value === null ? '' : text(value);
}
