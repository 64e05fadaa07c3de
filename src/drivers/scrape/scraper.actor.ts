/**
 * Asks instances for their metrics, each in its service's interval, and feeds what somebody decides by
 * into a shard that the `Metrics` actor reads; so is the processor time that the system counts for them.
 * An instance that does not answer has said nothing: what it said last grows old and then is stale.
 */
import {
  type FedInstance,
  MetricFeed,
  type ServiceRecord,
  type ServiceSpec,
  specOf,
} from '../../actors/index.ts';
import { type ActorDefinition, type AnyRef, actor, type Context } from '../../runtime/index.ts';
import type { Address, AddressBook } from '../address-book.ts';
import { ArbiterRecords } from '../arbiter-records.ts';
import { askHttp } from '../http-question.ts';
import { usageOf } from '../process/proc-usage.ts';
import { ExpositionReader } from './exposition.ts';
import { wantedMetrics } from './wanted-metrics.ts';

/** What it works with. */
export type ScraperArgs = {
  readonly book: AddressBook;
  /** Understands `attach`; see the `Metrics` actor. */
  readonly metrics: AnyRef;
};

/** What it understands. */
export type ScraperMessages = {
  /** Whose records say what is wanted. */
  attach(arbiter: AnyRef): void;
  /** From its own timer: asks those that are due, and closes the window. */
  look(): Promise<void>;
  /** What became of the last scrape of each instance. */
  status(): readonly ScrapeStatus[];
  /** Of each service, of instances that are gone too, since it was started. */
  tallies(): readonly ScrapeTally[];
};

/** One service's scrapes. */
export type ScrapeTally = {
  readonly service: string;
  readonly ok: number;
  readonly failed: number;
};

/** One instance's scrapes. */
export type ScrapeStatus = {
  readonly instance: string;
  readonly ok: number;
  /** No answer, another status than 200, or too long. */
  readonly failed: number;
  /** Lines that could not be read. */
  readonly malformed: number;
};

/** Between two looks; an interval is as exact as that. Milliseconds. */
const LOOK_MS = 500;
/** Looks between two at what services decide by: it may be changed while their instances go on. */
const RECORDS_EVERY = 8;
/** Of one answer. Higher: larger instances, and more memory for one that has gone wild. */
const BODY_BYTES_MAX = 32 * 2 ** 20;
/** At most, whatever the interval is. Milliseconds. */
const ANSWER_MS_MAX = 10_000;
/** Questions under way at once. More: more sockets, and more memory for answers. */
const ASKED_MAX = 64;
const ACCEPT = 'application/openmetrics-text;version=1.0.0;q=0.9,text/plain;version=0.0.4;q=0.8';

type Scraped = {
  readonly by: FedInstance;
  readonly spec: ServiceSpec;
  /** What its service decides by, and who reads that. */
  wanted: readonly string[];
  reader: ExpositionReader;
  dueMs: number;
  isAsked: boolean;
  ok: number;
  failed: number;
  malformed: number;
  cpu: { readonly seconds: number; readonly atMs: number } | null;
};

/** Spawned beside the arbiter, on the thread of the address book. */
export const Scraper: ActorDefinition<ScraperArgs, ScraperMessages> = actor(import.meta.url, {
  name: 'Scraper',
  setup: ({ book, metrics }: ScraperArgs, ctx: Context) => {
    ctx.timers.every('look', LOOK_MS, 'look');
    const scrapes = new Scrapes(ctx, book, metrics);
    return {
      attach: (arbiter: AnyRef) => scrapes.records.attach(arbiter),
      look: () => scrapes.look(),
      status: () => scrapes.status(),
      tallies: () => scrapes.tallies(),
    };
  },
});

class Scrapes {
  readonly records: ArbiterRecords;
  private readonly ctx: Context;
  private readonly book: AddressBook;
  private readonly metrics: AnyRef;
  private readonly feed: MetricFeed;
  private readonly known: Map<string, Scraped> = new Map();
  private readonly services: Map<string, { ok: number; failed: number }> = new Map();
  private asked = 0;
  private looks = 0;

  constructor(ctx: Context, book: AddressBook, metrics: AnyRef) {
    this.ctx = ctx;
    this.book = book;
    this.metrics = metrics;
    this.records = new ArbiterRecords(ctx);
    this.feed = new MetricFeed('scraper', { incarnation: ctx.incarnation });
  }

  async look(): Promise<void> {
    await this.follow();
    const nowMs = this.ctx.now();
    for (const address of this.book.all()) {
      const one = this.known.get(address.instance);
      if (one === undefined) continue;
      this.noteCpu(address, one, nowMs);
      const { metrics } = one.spec;
      const isDue = nowMs >= one.dueMs && !one.isAsked && this.asked < ASKED_MAX;
      if (metrics === undefined || !isDue) continue;
      one.dueMs = nowMs + metrics.interval;
      // Not waited for: one that hangs holds no other one up.
      void this.scrape(address, one, metrics);
    }
    this.feed.flip();
    this.ctx.tell(this.metrics, 'attach', this.feed.attachment());
  }

  status(): readonly ScrapeStatus[] {
    return [...this.known].map(([instance, { ok, failed, malformed }]) => ({
      instance,
      ok,
      failed,
      malformed,
    }));
  }

  tallies(): readonly ScrapeTally[] {
    return [...this.services].map(([service, { ok, failed }]) => ({ service, ok, failed }));
  }

  /** Those that run, and what is wanted of them. */
  private async follow(): Promise<void> {
    const running = new Set(this.book.all().map(({ instance }) => instance));
    for (const instance of this.known.keys()) {
      if (running.has(instance)) continue;
      this.known.delete(instance);
      this.feed.forget(instance);
    }
    const records = new Map<string, ServiceRecord | null | undefined>();
    const isDue = this.looks++ % RECORDS_EVERY === 0;
    for (const address of this.book.all()) {
      const known = this.known.get(address.instance);
      if (known !== undefined && !isDue) continue;
      const { service } = address;
      if (!records.has(service)) records.set(service, await this.records.of(service));
      const record = records.get(service);
      if (!record) continue;
      if (known === undefined) this.begin(address, record);
      else want(known, record);
    }
  }

  private begin({ instance, service, zone, revision }: Address, record: ServiceRecord): void {
    const spec = specOf(record, revision);
    const isBaseline = record.instances.get(instance)?.isBaseline ?? false;
    const { metrics } = spec;
    const wanted = wantedMetrics(record.spec);
    const spreadMs = metrics === undefined ? 0 : this.ctx.random(metrics.interval);
    this.known.set(instance, {
      by: { service, revision, zone, instance, isBaseline },
      spec,
      wanted,
      reader: new ExpositionReader(wanted),
      // Not all at the same moment.
      dueMs: this.ctx.now() + spreadMs,
      isAsked: false,
      ok: 0,
      failed: 0,
      malformed: 0,
      cpu: null,
    });
  }

  private async scrape(
    { port }: Address,
    one: Scraped,
    { scrape: path, port: other, interval }: NonNullable<ServiceSpec['metrics']>,
  ): Promise<void> {
    one.isAsked = true;
    this.asked++;
    const timeoutMs = Math.min(interval, ANSWER_MS_MAX);
    const question = { port: other ?? port, path, timeoutMs, bytesMax: BODY_BYTES_MAX };
    const answer = await askHttp({ ...question, accept: ACCEPT });
    this.asked--;
    one.isAsked = false;
    const { service } = one.by;
    const tally = this.services.get(service) ?? { ok: 0, failed: 0 };
    this.services.set(service, tally);
    if (answer?.status !== 200) {
      tally.failed++;
      one.failed++;
      return;
    }
    const { metrics, malformed } = one.reader.read(answer.body);
    tally.ok++;
    one.ok++;
    one.malformed += malformed;
    // Gone meanwhile: what it said is nobody's.
    if (this.known.get(one.by.instance) !== one) return;
    for (const { name, kind, sum } of metrics) this.feed[kind](one.by, name, sum);
  }

  /** Cores since the last look. */
  private noteCpu({ pid }: Address, one: Scraped, nowMs: number): void {
    const usage = pid === null ? null : usageOf(pid, null);
    const before = one.cpu;
    one.cpu = usage === null ? null : { seconds: usage.cpuSeconds, atMs: nowMs };
    if (usage === null || before === null || nowMs <= before.atMs) return;
    const cores = ((usage.cpuSeconds - before.seconds) * 1000) / (nowMs - before.atMs);
    this.feed.gauge(one.by, 'cpu', Math.max(0, cores));
  }
}

/** Another reader when its service decides by something else. */
function want(one: Scraped, { spec }: ServiceRecord): void {
  const wanted = wantedMetrics(spec);
  if (wanted.join() === one.wanted.join()) return;
  one.wanted = wanted;
  one.reader = new ExpositionReader(wanted);
}
