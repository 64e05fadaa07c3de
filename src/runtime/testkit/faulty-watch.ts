/**
 * A watch over a connection that breaks: what comes twice is dropped, and after a break everything is
 * asked for again from where it broke. Made by FaultyStore; written as the client's half of a remote watch
 * has to be.
 */
import type { Store, StoreWatch, StoreWatchItem, StoreWatchOptions } from '../store/store.ts';
import type { StoreWeather } from './faulty-store.ts';

/** What comes over the line: an item, and the revision up to which the line has told with it. */
type Delivery = { readonly upTo: number; readonly item: StoreWatchItem };

const DONE: IteratorResult<StoreWatchItem> = { done: true, value: undefined };

/** Thread rule: the store's. */
export class FaultyWatch implements StoreWatch {
  private readonly store: Store;
  private readonly prefix: string;
  private readonly options: StoreWatchOptions;
  private readonly weather: StoreWeather;
  private readonly onTheWay: Delivery[];
  private line: StoreWatch;
  private told: number;
  private isOver: boolean;
  private turn: Promise<unknown>;

  constructor(store: Store, prefix: string, options: StoreWatchOptions, weather: StoreWeather) {
    this.store = store;
    this.prefix = prefix;
    this.options = options;
    this.weather = weather;
    this.onTheWay = [];
    this.line = store.watch(prefix, options);
    this.told = this.line.revision;
    this.isOver = false;
    this.turn = Promise.resolve();
  }

  get revision(): number {
    return this.told;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<StoreWatchItem>> {
    const turn = this.turn.then(() => this.take());
    this.turn = turn.catch(() => undefined);
    return turn;
  }

  async return(): Promise<IteratorResult<StoreWatchItem>> {
    this.isOver = true;
    await this.line.return?.();
    return DONE;
  }

  private async take(): Promise<IteratorResult<StoreWatchItem>> {
    for (;;) {
      const delivery = this.onTheWay.shift() ?? (await this.receive());
      if (delivery === null || this.isOver) return DONE;
      // It came twice, or the line was opened anew from before it.
      if (delivery.upTo <= this.told) continue;
      this.told = delivery.upTo;
      return { done: false, value: delivery.item };
    }
  }

  /** The next delivery; null: the watch was ended. */
  private async receive(): Promise<Delivery | null> {
    if (this.weather.strikes('compacted')) return this.lateResync();
    const delivery = await this.fromLine();
    if (delivery === null) return null;
    await this.weather.pass();
    if (this.weather.strikes('gap')) {
      // The line broke with it; what it had told is known, so it comes again.
      await this.reconnect();
      return this.fromLine();
    }
    if (this.weather.strikes('duplicate')) this.onTheWay.push(delivery, delivery);
    return delivery;
  }

  private async fromLine(): Promise<Delivery | null> {
    const { done, value } = await this.line.next();
    return done === true ? null : { upTo: this.line.revision, item: value };
  }

  /** The line was away for so long that the store has forgotten what it did not tell. */
  private async lateResync(): Promise<Delivery | null> {
    const { revision } = await this.store.get('\u0000');
    if (revision <= this.told) return this.fromLine();
    await this.line.return?.();
    this.onTheWay.length = 0;
    this.line = this.store.watch(this.prefix, { ...this.options, after: revision });
    return { upTo: revision, item: { kind: 'resync', revision } };
  }

  private async reconnect(): Promise<void> {
    await this.line.return?.();
    this.onTheWay.length = 0;
    this.line = this.store.watch(this.prefix, { ...this.options, after: this.told });
  }
}
