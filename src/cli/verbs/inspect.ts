/**
 * `ringmaster inspect`: where the page of a running host is, and which file has the token that it asks for.
 * The token itself is printed only to whoever says so: it would stay in a terminal's scrollback. With `--mcp`
 * it is a server of the Model Context Protocol that looks and changes nothing.
 */
import { readFile } from 'node:fs/promises';
import type { InspectorPlace } from '../../host/index.ts';
import type { Command } from '../command.ts';
import {
  addressOf,
  fileOf,
  type InspectorOptions,
  opened,
  placeOf,
  TOKEN_OPTION,
  URL_OPTION,
} from '../inspector-address.ts';
import { connectInspector } from '../inspector-client.ts';
import { print, printable } from '../output.ts';

type InspectOptions = InspectorOptions & {
  readonly role: string;
  readonly showToken?: boolean;
  readonly mcp?: boolean;
};

/** Adds it. */
export function addInspect(program: Command): void {
  program
    .command('inspect')
    .description('where the page of the running host is, and the file of the token for it')
    .option('--role <role>', 'viewer, operator (may change the fleet) or admin', 'viewer')
    .option('--show-token', 'the token, too')
    .option('--mcp', 'serve the Model Context Protocol on standard input and output: it only looks')
    .option(...URL_OPTION)
    .option(...TOKEN_OPTION)
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
