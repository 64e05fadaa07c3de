/**
 * The way to a fleet: who runs one gives a door, which is asked by method names and answers plain data. On
 * the thread that holds it, and as it is told to the inspector's thread.
 */
import type { ErrorName } from '../protocol/schema.ts';

/** Given by whoever runs the fleet; see `InspectOptions.fleet`. */
export type FleetDoor = {
  /** Rejects with a `code` of the fleet's host, such as RM_CONTROL_REFUSED. */
  readonly ask: (method: string, params: Readonly<Record<string, unknown>>) => Promise<unknown>;
};

/** As it crosses threads. */
export type FleetAnswer =
  | { readonly result: unknown }
  | { readonly code: string; readonly reason: string; readonly message: string };

/** Never rejects. */
export async function askedOf(
  door: FleetDoor | null,
  method: string,
  params: Readonly<Record<string, unknown>>,
): Promise<FleetAnswer> {
  try {
    if (door === null) throw new Error('this server has no fleet');
    return { result: await door.ask(method, params) };
  } catch (error) {
    const { code, message, data } = error as {
      readonly code?: unknown;
      readonly message?: unknown;
      readonly data?: { readonly reason?: unknown };
    };
    return {
      code: String(code ?? ''),
      reason: String(data?.reason ?? ''),
      message: String(message ?? error),
    };
  }
}

/** What a client is told of an error of the host's; null: a client could do nothing about it. */
export function errorOf(code: string, reason: string): ErrorName | null {
  if (code === 'RM_CONTROL_PARAMS') return 'params';
  if (code === 'RM_CONTROL_CHANGED' || reason === 'CHANGED') return 'conflict';
  if (code === 'RM_CONTROL_UNKNOWN' || reason === 'NO_SERVICE') return 'gone';
  return code === 'RM_CONTROL_REFUSED' || code === 'RM_REPLY' ? 'refused' : null;
}
