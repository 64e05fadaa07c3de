/**
 * Asks a fleet: over the local socket of the host that a directory is of, or over the socket of an inspector
 * that is somewhere else. Both know the same methods.
 */
import type { MethodName } from '../inspector/index.ts';
import { withHost } from './host-door.ts';
import { addressOf, type InspectorOptions, isElsewhere } from './inspector-address.ts';

/** Whoever answers. */
export type Asker = {
  /** @throws (rejects) CommandError, or an error that `withFleet` makes one */
  ask<T>(method: string, params?: Readonly<Record<string, unknown>>): Promise<T>;
  /** Whether it has that method for this role; absent: it has all. */
  readonly knows?: (method: string) => boolean;
};

/** Asks, and hangs up. @throws (rejects) CommandError */
export async function withFleet<T>(
  options: InspectorOptions,
  ask: (fleet: Asker) => Promise<T>,
): Promise<T> {
  if (!isElsewhere(options)) return await withHost(options, ask);
  const address = await addressOf(options, 'viewer');
  // Loaded only here: most commands need no socket of the web.
  const { connectInspector } = await import('./inspector-client.ts');
  const client = await connectInspector(address);
  try {
    return await ask({
      knows: (method) => client.hello?.methods.includes(method) === true,
      ask: <A>(method: string, params = {}) =>
        client.ask(method as MethodName, params) as Promise<A>,
    });
  } finally {
    client.close();
  }
}
