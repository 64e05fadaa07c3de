/** `ringmaster why`: what was decided about something, by whom, from what, and what would unblock it. */

import type { DecisionShown } from '../../drivers/client.ts';
import type { Command } from '../command.ts';
import { CommandError, EXIT } from '../exit-codes.ts';
import { withFleet } from '../fleet-door.ts';
import { type InspectorOptions, TOKEN_OPTION, URL_OPTION } from '../inspector-address.ts';
import { type Column, formOf, print, printable, printList } from '../output.ts';

type Decisions = { readonly decisions: readonly DecisionShown[] };

type WhyOptions = InspectorOptions & {
  readonly output: string;
  readonly last: string;
  readonly kind?: string;
};

/** Adds it. */
export function addWhy(program: Command): void {
  program
    .command('why <about>')
    .description('what was decided about a service, slot, instance, key, ring, demand, split')
    .option('-n, --last <count>', 'of the newest', '20')
    .option('--kind <kind>', 'admitted, delayed or refused')
    .option('-o, --output <form>', 'table, json, ndjson or yaml', 'table')
    .option(...URL_OPTION)
    .option(...TOKEN_OPTION)
    .action(async (about: string, _, command: Command) => {
      const options = command.optsWithGlobals<WhyOptions>();
      const { last, kind, output } = options;
      if (kind !== undefined && !KINDS.includes(kind)) {
        throw new CommandError(EXIT.usage, `--kind is ${kind}; expected ${KINDS.join(', ')}.`);
      }
      if (!/^[1-9]\d{0,4}$/.test(last)) {
        throw new CommandError(EXIT.usage, `--last is ${last}; expected a number from 1.`);
      }
      const [service = about, what] = about.split(/\/(.*)/s);
      const items = await withFleet(options, async (fleet) => {
        const { decisions: found } = await fleet.ask<Decisions>('Decisions.list', {
          service,
          ...(what === undefined ? {} : { about: SUBJECTS.includes(what) ? what : about }),
          ...(kind === undefined ? {} : { kind }),
          last: Number(last),
        });
        // Of a service that there never was nothing was decided: then it is said which there are.
        if (found.length === 0) await fleet.ask('Service.get', { service });
        return found;
      });
      const form = formOf(output);
      if (form === 'table')
        print(items.map(linesOf).join('\n') || `nothing was decided about ${about}`);
      else await printList(form, { kind: 'Decision', items, columns: COLUMNS, nameOf });
    });
}

const KINDS: readonly string[] = ['admitted', 'delayed', 'refused'];
/** What is no slot and no instance: `shop/ring`. */
const SUBJECTS: readonly string[] = ['ring', 'demand', 'split', 'target', 'stable'];

const COLUMNS: readonly Column<DecisionShown>[] = [
  { title: 'ID', of: ({ id }) => String(id) },
  { title: 'VERDICT', of: ({ verdict }) => verdict.kind },
  { title: 'WHO', of: ({ who }) => who },
  { title: 'WHY', of: ({ why }) => why },
];

const nameOf = ({ id }: DecisionShown): string => String(id);

function linesOf({ line, inputs, alternatives }: DecisionShown): string {
  const from = inputs.map(({ name, value, ageMs, from: teller }) => {
    const told = teller === undefined ? '' : `, from ${teller}`;
    return `${name} = ${value} (${ageMs} ms old${told})`;
  });
  return [
    line,
    ...(from.length === 0 ? [] : [`    from ${from.join(', ')}`]),
    ...alternatives.map((one) => `    instead of: ${one}`),
  ]
    .map(printable)
    .join('\n');
}
