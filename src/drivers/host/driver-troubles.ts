/**
 * What keeps the drivers from doing what is wanted for a service, in sentences with their cure: a port
 * that somebody else has, a file that cannot be written. Asked of those who try, each time.
 */
import type { ServiceRecord } from '../../actors/index.ts';
import type { FleetLoop } from './fleet-loop.ts';

/** All of it; empty: nothing, or nobody can say. */
export async function driverTroubles(
  { name, spec: { route, ring, remoteWrite } }: ServiceRecord,
  { link, files, written }: Pick<FleetLoop, 'link' | 'files' | 'written'>,
): Promise<readonly string[]> {
  const [deaf, unwritten, unread] = await Promise.all([
    route === undefined ? [] : (link?.ask('status').then((one) => one.deaf, nobody) ?? []),
    ring?.exportThanos === undefined ? [] : files.ask('troubles').catch(nobody),
    remoteWrite === undefined ? [] : written.ask('troubles', name).catch(nobody),
  ]);
  return [
    // Nobody reaches a service whose port somebody else has, however well it is.
    ...deaf
      .filter(({ port }) => port === route?.port)
      .map(({ port, why }) => {
        return `no request comes in at port ${port}: ${why}; free it, or route elsewhere`;
      }),
    ...unwritten
      .filter(({ path }) => path === ring?.exportThanos)
      .map(({ path, why }) => `${path} cannot be written: ${why}; readers go by the former one`),
    ...unread,
  ];
}

function nobody(): readonly [] {
  return [];
}
