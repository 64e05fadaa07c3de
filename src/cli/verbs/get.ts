/** `ringmaster get`: services, or one service's instances; `-w` goes on showing what changes. */

import type {
  FleetListed,
  InstanceSummary,
  ServiceDetail,
  ServiceSummary,
} from '../../drivers/client.ts';
import type { Command } from '../command.ts';
import { isUnreachable } from '../exit-codes.ts';
import { withFleet } from '../fleet-door.ts';
import { type InspectorOptions, TOKEN_OPTION, URL_OPTION } from '../inspector-address.ts';
import {
  type Column,
  type Form,
  formOf,
  jsonText,
  type Listing,
  print,
  printable,
  printList,
  tableText,
} from '../output.ts';
import { AWAY_MS, elapsedMs, every } from '../watching.ts';

type GetOptions = InspectorOptions & { readonly output: string; readonly watch?: boolean };

/** Between two looks of `-w`, in milliseconds. Shorter: more questions to the host. */
const WATCH_MS = 500;

/** Adds it. */
export function addGet(program: Command): void {
  program
    .command('get [service]')
    .description('services, or the instances of one')
    .option('-o, --output <form>', 'table, wide, json, ndjson, yaml or name', 'table')
    .option('-w, --watch', 'go on, and show what changes')
    .option(...URL_OPTION)
    .option(...TOKEN_OPTION)
    .action(async (service: string | undefined, _, command: Command) => {
      const options = command.optsWithGlobals<GetOptions>();
      const form = formOf(options.output);
      if (options.watch !== true) await once(options, form, service);
      else await watched(options, form, service);
    });
}

async function once(options: InspectorOptions, form: Form, service?: string): Promise<void> {
  if (service === undefined) await printList(form, servicesOf(await listed(options)));
  else await printList(form, instancesOf(await looked(options, service)));
}

function listed(options: InspectorOptions): Promise<FleetListed> {
  return withFleet(options, (fleet) => fleet.ask<FleetListed>('Fleet.list'));
}

function looked(options: InspectorOptions, service: string): Promise<ServiceDetail> {
  return withFleet(options, (fleet) => fleet.ask<ServiceDetail>('Service.get', { service }));
}

/** On a terminal the table is drawn again in its place; into a pipe goes a line for each change. */
async function watched(options: InspectorOptions, form: Form, service?: string): Promise<void> {
  const isTerminal = process.stdout.isTTY === true && (form === 'table' || form === 'wide');
  const known = new Map<string, string>();
  let height = 0;
  let awaySinceMs: number | null = null;
  const look = async (): Promise<Listing<unknown> | null> => {
    try {
      const listing =
        service === undefined
          ? servicesOf(await listed(options))
          : instancesOf(await looked(options, service));
      awaySinceMs = null;
      return listing as Listing<unknown>;
    } catch (error) {
      awaySinceMs ??= elapsedMs();
      // It was there: the brain may be starting again, which is worth being watched.
      if (!isUnreachable(error) || (known.size === 0 && height === 0)) throw error;
      if (elapsedMs() - awaySinceMs > AWAY_MS) throw error;
      return null;
    }
  };
  await every(WATCH_MS, async () => {
    const listing = await look();
    if (listing === null) return;
    if (isTerminal) {
      const text = tableText(form, listing);
      const up = height === 0 ? '' : `\u001b[${height}A\u001b[0J`;
      height = text.split('\n').length;
      print(`${up}${text}`);
      return;
    }
    for (const item of listing.items) {
      const name = listing.nameOf(item);
      const line = lineOf(form, listing, item);
      if (known.get(name) === line) continue;
      known.set(name, line);
      print(line);
    }
  });
}

function lineOf(form: Form, listing: Listing<unknown>, item: unknown): string {
  if (form === 'name') return printable(listing.nameOf(item));
  if (form !== 'table' && form !== 'wide') return jsonText(item);
  return listing.columns
    .filter(({ isWide }) => form === 'wide' || isWide !== true)
    .map(({ of }) => printable(of(item)) || '-')
    .join('  ');
}

const SERVICE_COLUMNS: readonly Column<ServiceSummary>[] = [
  { title: 'SERVICE', of: ({ service }) => service },
  { title: 'STATE', of: ({ state, isFrozen }) => (isFrozen ? `${state} (frozen)` : state) },
  {
    title: 'VERSION',
    of: ({ version, target }) => (target === null ? version : `${version} → ${target}`),
  },
  { title: 'READY', of: ({ ready, wanted }) => `${ready}/${wanted}` },
  { title: 'STEP', of: ({ step, weight }) => (step === '' ? '' : `${step} ${weight}%`) },
  { title: 'RING', of: ({ generation }) => (generation === null ? '' : String(generation)) },
  { title: 'HEALING', of: ({ healing }) => healing, isWide: true },
  { title: 'ROUTES', of: ({ routes }) => String(routes), isWide: true },
  { title: 'WHAT', of: ({ message, attention, heldBy }) => heldBy ?? attention[0] ?? message },
];

function servicesOf({ services }: FleetListed): Listing<ServiceSummary> {
  const nameOf = ({ service }: ServiceSummary): string => service;
  return { kind: 'Service', items: services, columns: SERVICE_COLUMNS, nameOf };
}

const INSTANCE_COLUMNS: readonly Column<InstanceSummary>[] = [
  { title: 'INSTANCE', of: ({ instance }) => instance },
  { title: 'VERSION', of: ({ version }) => version },
  { title: 'STATE', of: ({ state, isGoing }) => (isGoing ? `${state}, going` : state) },
  { title: 'FOR', of: ({ forMs }) => lengthOf(forMs) },
  { title: 'SEEN', of: ({ seenMs }) => `${lengthOf(seenMs)} ago`, isWide: true },
  { title: 'TRAFFIC', of: ({ isEjected }) => (isEjected ? 'out' : 'in') },
  { title: 'REVISION', of: ({ revision }) => revision, isWide: true },
];

function instancesOf({ instances }: ServiceDetail): Listing<InstanceSummary> {
  const nameOf = ({ instance }: InstanceSummary): string => instance;
  return { kind: 'Instance', items: instances, columns: INSTANCE_COLUMNS, nameOf };
}

const UNITS: readonly (readonly [number, string])[] = [
  [86_400_000, 'd'],
  [3_600_000, 'h'],
  [60_000, 'm'],
  [1000, 's'],
];

/** A length of time in its largest unit. */
export function lengthOf(ms: number): string {
  const unit = UNITS.find(([size]) => ms >= size);
  return unit === undefined ? `${Math.round(ms)}ms` : `${Math.floor(ms / unit[0])}${unit[1]}`;
}
