/**
 * Finds the host that a command is meant for, by the directory of its fleet, and asks it. What the host
 * refuses becomes an exit code.
 */
import { join, resolve } from 'node:path';
import { connectHost, type HostClient } from '../drivers/client.ts';
import { CommandError, EXIT, type ExitCode } from './exit-codes.ts';

/** Where a fleet's state lies unless somebody says otherwise. */
const DIRECTORY_DEFAULT = '.ringmaster';
const DIRECTORY_VARIABLE = 'RINGMASTER_DIRECTORY';

/** What every command is given. */
export type CommonOptions = { readonly directory?: string };

/** The fleet's directory, absolute. */
export function directoryOf({ directory }: CommonOptions): string {
  return resolve(directory ?? process.env[DIRECTORY_VARIABLE] ?? DIRECTORY_DEFAULT);
}

/** Asks, and hangs up. @throws CommandError */
export async function withHost<T>(
  options: CommonOptions,
  ask: (host: HostClient) => Promise<T>,
): Promise<T> {
  let host: HostClient | null = null;
  try {
    host = await connectHost(join(directoryOf(options), 'host.sock'));
    return await ask(host);
  } catch (error) {
    throw commandError(error);
  } finally {
    host?.close();
  }
}

const CODES: Readonly<Record<string, ExitCode>> = {
  RM_CONTROL_GONE: EXIT.unreachable,
  RM_CONTROL_PARAMS: EXIT.usage,
  RM_CONTROL_REFUSED: EXIT.conflict,
  RM_CONTROL_UNKNOWN: EXIT.usage,
  RM_HOST_OPTION: EXIT.conflict,
  RM_REPLY: EXIT.conflict,
};

function commandError(error: unknown): Error {
  if (error instanceof CommandError) return error;
  const { code, message, data } = error as {
    readonly code?: string;
    readonly message?: string;
    readonly data?: { readonly code?: string };
  };
  const said = data?.code ?? code ?? '';
  // Its own code stands in the message already.
  const text = String(message ?? error).replace(/^RM_CONTROL_REFUSED: /, '');
  return new CommandError(CODES[said] ?? EXIT.failed, text);
}
