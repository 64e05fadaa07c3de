/** `ringmaster ring`: who is in a ring, who owns a key, and what a change of its size would move. */

import type { KeyShown, RingChange, RingShown } from '../../drivers/client.ts';
import type { Command } from '../command.ts';
import { CommandError, EXIT } from '../exit-codes.ts';
import { withFleet } from '../fleet-door.ts';
import { type InspectorOptions, TOKEN_OPTION, URL_OPTION } from '../inspector-address.ts';
import { type Form, formOf, print, printable, printData, tableText } from '../output.ts';

type RingOptions = InspectorOptions & {
  readonly whatIf?: string;
  readonly key?: string;
  readonly output: string;
};

/** Adds it. */
export function addRing(program: Command): void {
  program
    .command('ring <service>')
    .description('who is in its ring; who owns a key; what would move if shards joined or left')
    .option('--key <key>', 'who answers for it, the first to ask first')
    .option('--what-if <change>', 'such as +1 or -1')
    .option('-o, --output <form>', 'table, json or yaml', 'table')
    .option(...URL_OPTION)
    .option(...TOKEN_OPTION)
    .action(async (service: string, _, command: Command) => {
      const options = command.optsWithGlobals<RingOptions>();
      const form = formOf(options.output);
      if (options.whatIf !== undefined) await showChange(options, form, service);
      else if (options.key !== undefined) await showKey(options, form, service, options.key);
      else await showRing(options, form, service);
    });
}

async function showRing(options: RingOptions, form: Form, service: string): Promise<void> {
  const ring = await withFleet(options, (fleet) => fleet.ask<RingShown>('Ring.get', { service }));
  if (form === 'json' || form === 'yaml') return await printData(form, 'Ring', { ...ring });
  const { generation, algorithm, sections, members, moved } = ring;
  const of = algorithm === 'ketama' ? `, ${sections} sections each` : '';
  const hot = moved === 0 ? '' : `; ${moved} hot slices go elsewhere`;
  print(printable(`${service}: generation ${generation}, ${algorithm}${of}${hot}`));
  const columns = [
    { title: 'SLOT', of: ({ slot }: RingShown['members'][number]) => slot },
    { title: 'WEIGHT', of: ({ weight }: RingShown['members'][number]) => String(weight) },
  ];
  print(tableText('table', { kind: 'Member', items: members, columns, nameOf: (one) => one.slot }));
}

async function showKey(
  options: RingOptions,
  form: Form,
  service: string,
  key: string,
): Promise<void> {
  const shown = await withFleet(options, (fleet) =>
    fleet.ask<KeyShown>('Ring.owners', { service, key }),
  );
  if (form === 'json' || form === 'yaml') return await printData(form, 'Key', { ...shown });
  const columns = [
    { title: 'COPY', of: (one: KeyShown['owners'][number]) => String(shown.owners.indexOf(one)) },
    { title: 'SLOT', of: ({ slot }: KeyShown['owners'][number]) => slot },
    { title: 'INSTANCE', of: ({ instance }: KeyShown['owners'][number]) => instance ?? '' },
  ];
  const items = shown.owners;
  print(tableText('table', { kind: 'Owner', items, columns, nameOf: (one) => one.slot }));
}

async function showChange(options: RingOptions, form: Form, service: string): Promise<void> {
  const { whatIf = '' } = options;
  if (!/^[+-]?\d{1,4}$/.test(whatIf)) {
    const message = `--what-if is ${whatIf}; expected a change such as +1 or -1.`;
    throw new CommandError(EXIT.usage, message);
  }
  const answer = await withFleet(options, (fleet) =>
    fleet.ask<RingChange>('Ring.whatIf', { service, change: Number(whatIf) }),
  );
  if (form === 'json' || form === 'yaml') return await printData(form, 'RingChange', { ...answer });
  const { before, after, movedShare, expectedShare, isWithin } = answer;
  const share = (value: number): string => `${(100 * value).toFixed(2)} %`;
  const said =
    `${service}: ${before} → ${after} members; ${share(movedShare)} of the keys would move, ` +
    `${share(expectedShare)} have to${isWithin ? '' : ': more than that and a tenth'}`;
  print(printable(said));
}
