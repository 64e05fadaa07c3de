/**
 * What keeps the drivers from doing what is wanted for a service, in sentences with their cure: a port
 * that somebody else has, a file that cannot be written. Asked of those who try, each time.
 */
import type { ServiceSpec } from '../../actors/index.ts';
import type { FleetLoop } from './fleet-loop.ts';

/** All of it; empty: nothing, or nobody can say. */
export async function driverTroubles(
  { route, ring }: ServiceSpec,
  { link, files }: Pick<FleetLoop, 'link' | 'files'>,
): Promise<readonly string[]> {
  const [deaf, unwritten] = await Promise.all([
    route === undefined ? [] : (link?.ask('status').then((one) => one.deaf, nobody) ?? []),
    ring?.exportThanos === undefined ? [] : files.ask('troubles').catch(nobody),
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
  ];
}

function nobody(): readonly [] {
  return [];
}
