/**
 * `ringmaster inspect`: where the page of a running host is, and which file has the token that it asks for.
 * The token itself is printed only to whoever says so: it would stay in a terminal's scrollback.
 */
import { readFile } from 'node:fs/promises';
import type { InspectorPlace } from '../../host/index.ts';
import type { Command } from '../command.ts';
import { CommandError, EXIT } from '../exit-codes.ts';
import { type CommonOptions, withHost } from '../host-door.ts';
import { print, printable } from '../output.ts';

type InspectOptions = CommonOptions & { readonly role: string; readonly showToken?: boolean };
type Open = Extract<InspectorPlace, { readonly isOpen: true }>;

/** Adds it. */
export function addInspect(program: Command): void {
  program
    .command('inspect')
    .description('where the page of the running host is, and the file of the token for it')
    .option('--role <role>', 'viewer, operator (may change the fleet) or admin', 'viewer')
    .option('--show-token', 'the token, too')
    .action(async (_, command: Command) => {
      const options = command.optsWithGlobals<InspectOptions>();
      const place = opened(await placeOf(options));
      const file = fileOf(place, options.role);
      print(`page: ${place.page}`);
      print(`socket: ${place.socket}`);
      print(`token of the ${options.role}: ${file}`);
      if (options.showToken === true) print(printable((await readFile(file, 'utf8')).trim()));
    });
}

/** What the host says. @throws (rejects) CommandError */
export function placeOf(options: CommonOptions): Promise<InspectorPlace> {
  return withHost(options, (host) => host.ask<InspectorPlace>('Inspector.where'));
}

/** For `up`. */
export function inspectorLine(place: InspectorPlace): string {
  if (!place.isOpen) return `the inspector is not open: ${place.why}`;
  return `the inspector is at ${place.page}; \`ringmaster inspect\` says where its tokens are`;
}

/** @throws CommandError */
function opened(place: InspectorPlace): Open {
  if (place.isOpen) return place;
  const { isWanted, why } = place;
  const cure = isWanted
    ? 'free its port, or start the host with another one'
    : 'start it with `ringmaster up --inspect`; instances go on meanwhile';
  throw new CommandError(EXIT.conflict, `the host shows no inspector: ${why}; ${cure}.`);
}

/** @throws CommandError */
function fileOf({ tokens }: Open, role: string): string {
  const found = Object.entries(tokens).find(([name]) => name === role);
  if (found !== undefined) return found[1];
  const roles = Object.keys(tokens).join(', ');
  throw new CommandError(EXIT.usage, `--role is ${role}; expected one of ${roles}.`);
}
