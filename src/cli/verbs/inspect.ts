/**
 * `ringmaster inspect`: where the page of a running host is, and which file has the token that it asks for.
 * The token itself is printed only to whoever says so: it would stay in a terminal's scrollback. With `--mcp`
 * it is a server of the Model Context Protocol that looks and changes nothing.
 */
import { readFile } from 'node:fs/promises';
import type { InspectorPlace } from '../../host/index.ts';
import type { Command } from '../command.ts';
import { CommandError, EXIT } from '../exit-codes.ts';
import { type CommonOptions, withHost } from '../host-door.ts';
import { connectInspector, type InspectorAddress } from '../inspector-client.ts';
import { print, printable } from '../output.ts';

/** Which inspector is meant: the running host's, or any other by its address. */
export type InspectorOptions = CommonOptions & {
  readonly url?: string;
  readonly tokenFile?: string;
};

type InspectOptions = InspectorOptions & {
  readonly role: string;
  readonly showToken?: boolean;
  readonly mcp?: boolean;
};
type Open = Extract<InspectorPlace, { readonly isOpen: true }>;

/** Adds it. */
export function addInspect(program: Command): void {
  program
    .command('inspect')
    .description('where the page of the running host is, and the file of the token for it')
    .option('--role <role>', 'viewer, operator (may change the fleet) or admin', 'viewer')
    .option('--show-token', 'the token, too')
    .option('--mcp', 'serve the Model Context Protocol on standard input and output: it only looks')
    .option('--url <url>', 'with --mcp: socket of another inspector')
    .option('--token-file <file>', 'with --url: its token')
    .action(async (_, command: Command) => {
      const options = command.optsWithGlobals<InspectOptions>();
      if (options.mcp === true) {
        const { serveMcp } = await import('../mcp/serve-mcp.ts');
        await serveMcp(await connectInspector(await addressOf(options, 'viewer')));
        return;
      }
      const place = opened(await placeOf(options));
      const file = fileOf(place, options.role);
      print(`page: ${place.page}`);
      print(`socket: ${place.socket}`);
      print(`token of the ${options.role}: ${file}`);
      if (options.showToken === true) print(printable((await readFile(file, 'utf8')).trim()));
    });
}

/** @throws (rejects) CommandError */
export async function addressOf(
  options: InspectorOptions,
  role: string,
): Promise<InspectorAddress> {
  const { url, tokenFile } = options;
  if (url !== undefined && tokenFile !== undefined) return { url, tokenFile };
  if (url !== undefined || tokenFile !== undefined) {
    throw new CommandError(EXIT.usage, '--url and --token-file go together; give both or none.');
  }
  const place = opened(await placeOf(options));
  return { url: place.socket, tokenFile: fileOf(place, role) };
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

/** For somebody who is to look at once. */
export function lookHere(place: InspectorPlace): string {
  if (!place.isOpen) return inspectorLine(place);
  return `watch it at ${place.page} with the token in ${place.tokens.operator}`;
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
