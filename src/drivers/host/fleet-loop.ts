/**
 * The actors that tend a fleet while one set of regions and policies holds: the arbiter, what it reads and
 * what carries its decisions out, wired to each other. Another set is another family of them; the drivers
 * of processes and probes stay. Called by the fleet's host.
 */
import { join } from 'node:path';
import { Arbiter, type ArbiterMessages, type FleetSpec, Metrics } from '../../actors/index.ts';
import type { AnyRef, Ref, Supervisor, System } from '../../runtime/index.ts';
import type { Leadership, LmdbStore } from '../../runtime/store/index.ts';
import type { AddressBook } from '../address-book.ts';
import { HashringFile, type HashringFileMessages } from '../hashring-file/hashring-file.actor.ts';
import type { Ingest } from '../ingest/ingest.ts';
import { WrittenMetrics, type WrittenMetricsMessages } from '../ingest/written-metrics.actor.ts';
import { metricsArgs } from '../metrics-args.ts';
import type { RequestsUnderWay } from '../router/requests-under-way.ts';
import { RouterLink, type RouterLinkMessages } from '../router/router-link.actor.ts';
import { Scraper, type ScraperMessages } from '../scrape/scraper.actor.ts';
import { Executor } from './executor.actor.ts';

/** What the host gives; all of it outlives a loop. */
export type LoopSurroundings = {
  readonly system: System;
  readonly store: LmdbStore;
  readonly leader: Leadership;
  /** Sockets and directories. */
  readonly agent: string;
  readonly directory: string;
  readonly book: AddressBook;
  readonly underWay: RequestsUnderWay;
  /** Starts and ends instances; asks them how they are. */
  readonly instances: AnyRef;
  readonly prober: AnyRef;
  /** Remote write, where there is one by now. */
  readonly ingest: () => Ingest | null;
};

/** One that runs. */
export type FleetLoop = {
  readonly arbiter: Ref<ArbiterMessages>;
  readonly family: Supervisor;
  /** Null: nothing is routed. */
  readonly link: Ref<RouterLinkMessages> | null;
  readonly files: Ref<HashringFileMessages>;
  readonly scraper: Ref<ScraperMessages>;
  readonly written: Ref<WrittenMetricsMessages>;
  /** Understands `read`. */
  readonly metrics: AnyRef;
};

/** The router of a host; another region has another host. */
export const ROUTER = 'main';
/** Nothing that crashes in it ends the host. */
export const FOR_EVER: { readonly restarts: number } = { restarts: Number.POSITIVE_INFINITY };

/**
 * Where actors of a host run: they share what no message can carry, as the store and the address book.
 * Other threads there are only where remote write is taken in.
 */
export const HERE: { readonly placement: 'same' } = { placement: 'same' };

/** Begins one. `isRouted`: there is a router, or is to be one. */
export async function startFleetLoop(
  { policy }: FleetSpec,
  { name, zones }: FleetSpec['regions'][number],
  isRouted: boolean,
  around: LoopSurroundings,
): Promise<FleetLoop> {
  const { system, store, leader, agent, directory, book, underWay } = around;
  const { period, answerWithin, maxStaleness, routerSilence } = policy;
  const family = system.supervisor({ intensity: FOR_EVER });
  const metrics = await family.spawn(Metrics, {
    ...HERE,
    id: 'metrics',
    args: metricsArgs(policy),
  });
  const scraper = await family.spawn(Scraper, {
    ...HERE,
    id: 'scraper',
    args: { book, metrics: anyRef(metrics) },
  });
  const written = await family.spawn(WrittenMetrics, {
    ...HERE,
    id: 'written',
    args: { book, metrics: anyRef(metrics), ingest: around.ingest },
  });
  const files = await family.spawn(HashringFile, { ...HERE, id: 'hashring-files', args: { book } });
  const router = { name: ROUTER, directory: join(directory, 'router') };
  const link = isRouted
    ? await family.spawn(RouterLink, {
        ...HERE,
        id: 'router',
        args: { socket: agent, router, book, underWay },
      })
    : null;
  const executor = await family.spawn(Executor, {
    ...HERE,
    id: 'executor',
    args: { instances: around.instances, routers: link === null ? [] : [anyRef(link)] },
  });
  const arbiter = await family.spawn(Arbiter, {
    ...HERE,
    id: 'arbiter',
    args: {
      region: name,
      zones,
      period,
      answerWithin,
      maxStaleness,
      routerSilence,
      store,
      prefix: `fleet/${name}/`,
      leader: { key: leader.key, token: leader.token },
      executor: anyRef(executor),
      prober: around.prober,
      metrics: anyRef(metrics),
    },
  });
  around.instances.tell('attach', arbiter);
  scraper.tell('attach', anyRef(arbiter));
  written.tell('attach', anyRef(arbiter));
  files.tell('attach', anyRef(arbiter));
  const epoch = leader.token;
  link?.tell('attach', { arbiter: anyRef(arbiter), metrics: anyRef(metrics), epoch });
  return { arbiter, family, link, files, scraper, written, metrics: anyRef(metrics) };
}

/** Whoever is told by name, whatever it understands. */
export function anyRef(ref: unknown): AnyRef {
  return ref as AnyRef;
}
