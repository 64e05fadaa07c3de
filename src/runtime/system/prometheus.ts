/**
 * A system's figures for Prometheus, published as `ringmaster/prometheus`: metrics that read shared
 * memory when they are scraped and cost nothing in between. The only file that knows prom-client.
 */
import { Counter, Gauge, Registry } from 'prom-client';
import type { Counters } from './figures.ts';
import type { System } from './system.ts';

/** Where metrics go: prom-client's own Registry is one. */
export interface MetricRegistry {
  /** Called once for each metric. */
  registerMetric(metric: never): void;
}

/** How to export. */
export type MetricOptions = {
  /** A registry of the program's own; default: a new one. */
  readonly registry?: MetricRegistry;
  /** Also figures of each named actor, by path; one series an actor. Default false. */
  readonly actors?: boolean;
};

/** The text that a scrape gets. */
export interface MetricsText {
  readonly contentType: string;
  /** @throws (rejects) what prom-client throws */
  text(): Promise<string>;
}

/** Counters of threads: name, help, and the field that is read. */
const THREAD_COUNTERS: readonly (readonly [string, string, keyof Counters])[] = [
  ['messages_accepted_total', 'Messages taken into mailboxes from the same thread.', 'accepted'],
  ['messages_handled_total', 'Messages handled.', 'handled'],
  ['actor_crashes_total', 'Handlers that threw.', 'crashes'],
  ['actor_restarts_total', 'Incarnations after the first.', 'restarts'],
  ['actors_spawned_total', 'Actors spawned.', 'spawned'],
  ['asks_total', 'Questions asked.', 'asks'],
  ['ask_timeouts_total', 'Questions that got no answer in time.', 'askTimeouts'],
  ['wakes_total', 'Times that the thread was woken by another.', 'wakes'],
  ['late_effects_total', 'Calls of incarnations that had ended.', 'lateEffects'],
];

/** Reasons of dead letters and the field of each. */
const DEAD_LETTERS: readonly (readonly [string, keyof Counters])[] = [
  ['stopped', 'deadStopped'],
  ['crashed', 'deadCrashed'],
  ['expired', 'deadExpired'],
  ['unknown', 'deadUnknown'],
  ['dropped-newest', 'deadDroppedNewest'],
  ['dropped-oldest', 'deadDroppedOldest'],
  ['overflow', 'deadOverflow'],
  ['nobody', 'deadNobody'],
];

/** Registers the system's metrics. Thread rule: the thread that started the system. */
export function exportMetrics(system: System, options: MetricOptions = {}): MetricsText {
  const registry = (options.registry ?? new Registry()) as Registry;
  const registers = [registry];
  for (const [name, help, field] of THREAD_COUNTERS) {
    new Counter({
      name: `ringmaster_${name}`,
      help,
      labelNames: ['thread'],
      registers,
      collect() {
        this.reset();
        for (const { thread, counters } of system.figures().threads) {
          this.inc({ thread: String(thread) }, counters[field]);
        }
      },
    });
  }
  exportGauges(system, registers);
  if (options.actors === true) exportActors(system, registers);
  return { contentType: registry.contentType, text: () => registry.metrics() };
}

function exportGauges(system: System, registers: Registry[]): void {
  new Counter({
    name: 'ringmaster_dead_letters_total',
    help: 'Accepted messages that nobody handled, by reason.',
    labelNames: ['reason'],
    registers,
    collect() {
      this.reset();
      const { total } = system.figures();
      for (const [reason, field] of DEAD_LETTERS) this.inc({ reason }, total[field]);
    },
  });
  new Counter({
    name: 'ringmaster_thread_busy_seconds_total',
    help: 'Time in which the thread handled messages.',
    labelNames: ['thread'],
    registers,
    collect() {
      this.reset();
      for (const { thread, counters } of system.figures().threads) {
        this.inc({ thread: String(thread) }, counters.busyMs / 1000);
      }
    },
  });
  new Gauge({
    name: 'ringmaster_actors',
    help: 'Actors there are.',
    labelNames: ['thread'],
    registers,
    collect() {
      this.reset();
      for (const { thread, counters } of system.figures().threads) {
        this.set({ thread: String(thread) }, counters.actors);
      }
    },
  });
  new Gauge({
    name: 'ringmaster_ring_fill_ratio',
    help: 'How full the way between two threads is.',
    labelNames: ['from', 'to'],
    registers,
    collect() {
      this.reset();
      for (const { from, to, data } of system.figures().rings) {
        this.set({ from: String(from), to: String(to) }, data);
      }
    },
  });
}

function exportActors(system: System, registers: Registry[]): void {
  // First: a registry collects in order, and this one fills the other two.
  new Gauge({
    name: 'ringmaster_actor_mailbox_depth',
    help: 'Messages that wait for a named actor.',
    labelNames: ['path'],
    registers,
    collect() {
      this.reset();
      handled.reset();
      wait.reset();
      for (const path of system.paths()) {
        const ref = system.lookup(path);
        const figures = ref === null ? null : system.figuresOf(ref);
        if (figures === null) continue;
        this.set({ path }, figures.depth);
        handled.inc({ path }, figures.handled);
        if (figures.waitUs >= 0) wait.set({ path }, figures.waitUs / 1e6);
      }
    },
  });
  const handled = new Counter({
    name: 'ringmaster_actor_handled_total',
    help: 'Messages that a named actor has handled.',
    labelNames: ['path'],
    registers,
  });
  const wait = new Gauge({
    name: 'ringmaster_actor_wait_seconds',
    help: 'Mean time in the mailbox of the messages that were sampled.',
    labelNames: ['path'],
    registers,
  });
}
