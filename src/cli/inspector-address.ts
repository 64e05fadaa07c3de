/** Which inspector a command is meant for: the running host's, or any other by its address. */
import type { InspectorPlace } from '../host/index.ts';
import { CommandError, EXIT } from './exit-codes.ts';
import { type CommonOptions, withHost } from './host-door.ts';

/** Where an inspector is, and the file of a token for it. */
export type InspectorAddress = { readonly url: string; readonly tokenFile: string };

/** As a person says it. */
export type InspectorOptions = CommonOptions & {
  readonly url?: string;
  readonly tokenFile?: string;
};

type Open = Extract<InspectorPlace, { readonly isOpen: true }>;

/** The options that say so, as commander takes them. */
export const URL_OPTION = [
  '--url <url>',
  'socket of an inspector; default: the running host',
] as const;
export const TOKEN_OPTION = ['--token-file <file>', 'its token; needed with --url'] as const;

/** Whether another one than the running host's is meant. */
export function isElsewhere({ url, tokenFile }: InspectorOptions): boolean {
  return url !== undefined || tokenFile !== undefined;
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

/** @throws CommandError */
export function opened(place: InspectorPlace): Open {
  if (place.isOpen) return place;
  const { isWanted, why } = place;
  const cure = isWanted
    ? 'free its port, or start the host with another one'
    : 'start it with `ringmaster up --inspect`; instances go on meanwhile';
  throw new CommandError(EXIT.conflict, `the host shows no inspector: ${why}; ${cure}.`);
}

/** @throws CommandError */
export function fileOf({ tokens }: Open, role: string): string {
  const found = Object.entries(tokens).find(([name]) => name === role);
  if (found !== undefined) return found[1];
  const roles = Object.keys(tokens).join(', ');
  throw new CommandError(EXIT.usage, `--role is ${role}; expected one of ${roles}.`);
}
