/**
 * Receives Prometheus remote write 1.0: decodes each request in a slot of shared memory, says which
 * aggregator owns which series, and answers when all owners have taken theirs. A sender is told to send
 * again when one of them could not; what the others took is then a duplicate, and counted as one. It keeps
 * no series; a slot is used again only when nobody reads it any more.
 */
import {
  type AggregatedSeries,
  type DropRule,
  RequestDecoder,
  RequestMemory,
  SeriesOwners,
  type SlotViews,
} from '../../hotpath/index.ts';
import { type ActorDefinition, type AnyRef, actor, type Context } from '../../runtime/index.ts';
import { after } from '../system-time.ts';
import { aggregatedText } from './aggregated-text.ts';
import type { Taken } from './aggregator.actor.ts';
import type { IngestLimits } from './ingest-options.ts';
import { reservedMemory } from './reserved-memory.ts';
import {
  later,
  partly,
  TAKEN,
  tooMuchToShow,
  undecodable,
  type WriteAnswer,
} from './write-answer.ts';
import { WriteDoor } from './write-door.ts';
import { WriteCounter, type WriteFigures } from './write-figures.ts';

/** What it works with. */
export type ReceiverArgs = {
  /** Name of the memory of requests; see reserved-memory.ts. */
  readonly memory: string;
  readonly port: number;
  readonly aggregators: number;
  readonly rules: readonly DropRule[];
  readonly limits: IngestLimits;
};

/** What it understands. */
export type ReceiverMessages = {
  /** Who adds up, in the order of their numbers. Said again after each start: until then it refuses. */
  attach(aggregators: readonly AnyRef[]): void;
  figures(): WriteFigures;
  /** Where it listens. */
  port(): number;
};

/** Requests that may wait for a slot. More: longer waits, and then senders give up anyway. */
const WAITING_MAX = 64;
/** For an aggregator's answer, and between two questions to one that gave none. Milliseconds. */
const ANSWER_MS = 10_000;
const AGAIN_MS = 200;

/** One for a host, on a thread of its own. */
export const Receiver: ActorDefinition<ReceiverArgs, ReceiverMessages> = actor(import.meta.url, {
  name: 'Receiver',
  setup: async (args: ReceiverArgs, ctx: Context) => {
    const work = new Receiving(args, ctx);
    const door = new WriteDoor(args.limits, work);
    const port = await door.listen(args.port);
    ctx.onStop(() => door.close());
    return {
      attach: (aggregators: readonly AnyRef[]) => work.attach(aggregators),
      figures: () => work.counter.figures(),
      port: () => port,
    };
  },
});

/** The last that was heard of an aggregator. */
type Heard = { readonly incarnation: number; readonly inputs: number };

class Receiving {
  readonly counter: WriteCounter = new WriteCounter();
  private readonly ctx: Context;
  private readonly limits: IngestLimits;
  private readonly decoder: RequestDecoder;
  private readonly slots: readonly SlotViews[];
  private readonly owners: SeriesOwners;
  private aggregators: readonly AnyRef[] = [];
  private readonly heard: Map<number, Heard> = new Map();
  /** Numbers of slots; none until all aggregators have settled. */
  private readonly free: number[] = [];
  private readonly waiting: ((slot: number) => void)[] = [];

  constructor({ memory: name, aggregators, rules, limits }: ReceiverArgs, ctx: Context) {
    this.ctx = ctx;
    this.limits = limits;
    const memory = RequestMemory.attach(reservedMemory(name));
    this.slots = memory.slots;
    this.decoder = new RequestDecoder(memory);
    this.owners = new SeriesOwners(aggregators, rules);
  }

  attach(aggregators: readonly AnyRef[]): void {
    if (this.aggregators.length > 0) return;
    this.aggregators = aggregators;
    // An aggregator may still read what an earlier receiver has told it.
    void this.settled(aggregators).then(() => {
      for (let slot = 0; slot < this.slots.length; slot++) this.release(slot);
    });
  }

  answered(reason: string): void {
    this.counter.answered(reason);
  }

  async aggregated(metric: string | null): Promise<string | WriteAnswer> {
    const asked = this.aggregators.map((one) => this.ctx.ask(one, 'aggregated', metric));
    const answers = await Promise.allSettled(asked);
    const all = answers.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    if (all.length === 0 || all.length < answers.length) {
      return later('settling', 'not every aggregator has answered');
    }
    const lists = all as readonly (readonly AggregatedSeries[] | null)[];
    if (lists.includes(null)) return tooMuchToShow();
    return aggregatedText(lists.flatMap((list) => list ?? []));
  }

  async take(body: Uint8Array, tenant: string): Promise<WriteAnswer> {
    const number = await this.slot();
    const slot = number === null ? undefined : this.slots[number];
    if (number === null || slot === undefined) return later('behind', 'too many requests wait');
    const { counter } = this;
    counter.bodyBytes += body.length;
    slot.body.set(body);
    this.decoder.setTenant(slot, tenant);
    const decoding = this.decoder.decode(slot, body.length);
    if (decoding.kind === 'refused') {
      this.release(number);
      return undecodable(decoding.fault, decoding.at, this.limits);
    }
    counter.requestBytes += decoding.requestBytes;
    counter.exemplars += decoding.exemplars;
    counter.histograms += decoding.histograms;
    if (decoding.series === 0) {
      this.release(number);
      return TAKEN;
    }
    this.owners.assign(slot, tenant);
    return await this.takenByAll(number, tenant, decoding.series);
  }

  private async takenByAll(slot: number, tenant: string, series: number): Promise<WriteAnswer> {
    const asked = this.aggregators.map((one) =>
      this.ctx.ask(one, 'take', { slot, tenant }, { timeout: ANSWER_MS }),
    );
    const answers = await Promise.allSettled(asked);
    const silent = this.aggregators.filter((_, i) => answers[i]?.status === 'rejected');
    if (silent.length === 0) this.release(slot);
    else void this.settled(silent).then(() => this.release(slot));
    let refused = 0;
    let problem: Parameters<typeof partly>[2] = null;
    for (const [owner, answer] of answers.entries()) {
      if (answer.status === 'rejected') continue;
      const { counts, ...heard } = answer.value as Taken;
      this.hear(owner, heard);
      this.counter.took(counts);
      refused += counts.refusedSeries;
      problem ??= counts.problem;
    }
    if (silent.length > 0)
      return later('aggregator', `${silent.length} aggregators did not answer`);
    return refused > 0 ? partly(refused, series, problem) : TAKEN;
  }

  private hear(owner: number, heard: Heard): void {
    const before = this.heard.get(owner);
    this.heard.set(owner, heard);
    if (before === undefined || before.incarnation === heard.incarnation) return;
    this.counter.aggregatorRestarts += 1;
    this.counter.inputsLost += before.inputs;
  }

  /** Resolves when each has done all that it was told; asks for as long as it takes. */
  private async settled(aggregators: readonly AnyRef[]): Promise<void> {
    let open = aggregators;
    while (open.length > 0 && !this.ctx.signal.aborted) {
      const asked = open.map((one) =>
        this.ctx.ask(one, 'settle', undefined, { timeout: ANSWER_MS }),
      );
      const answers = await Promise.allSettled(asked);
      open = open.filter((_, i) => answers[i]?.status === 'rejected');
      if (open.length > 0) await new Promise<void>((resolve) => after(AGAIN_MS, resolve));
    }
  }

  /** A slot of one's own; null when too many wait already. */
  private slot(): Promise<number | null> {
    const slot = this.free.pop();
    if (slot !== undefined) return Promise.resolve(slot);
    // Before it is attached nobody knows how long that takes.
    if (this.aggregators.length === 0 || this.waiting.length >= WAITING_MAX) {
      return Promise.resolve(null);
    }
    return new Promise((resolve) => this.waiting.push(resolve));
  }

  private release(slot: number): void {
    const next = this.waiting.shift();
    if (next === undefined) this.free.push(slot);
    else next(slot);
  }
}
