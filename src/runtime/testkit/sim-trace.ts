/**
 * What happened in a simulation, event by event, and a hash of all of it: the same seed gives the
 * same hash on every machine and version of Node. No event holds what an engine words by itself,
 * such as the text of its errors.
 */

import { murmur3Text } from '../../hotpath/index.ts';
import { nameText } from '../actor/message-name.ts';
import { Cell } from '../cell/cell.ts';
import type { Host } from '../host/host.ts';
import type { SimClock } from './sim-clock.ts';

/** Lines that are kept for reading, unless told otherwise. */
export const LOG_LINES_DEFAULT = 10_000;

/** The log. Thread rule: the simulation's. */
export class SimTrace {
  private readonly clock: SimClock;
  private readonly linesMax: number;
  private readonly lines: string[];
  /** Where the oldest line is, once there are `linesMax`. */
  private oldest: number;
  private low: number;
  private high: number;

  constructor(clock: SimClock, linesMax: number) {
    this.clock = clock;
    this.linesMax = linesMax;
    this.lines = [];
    this.oldest = 0;
    this.low = 0;
    this.high = 1;
  }

  add(seat: number, what: string, who: string, detail = ''): void {
    const us = Math.round(this.clock.monotonicMs() * 1000);
    const line = `${us} ${seat} ${what} ${who} ${detail}`;
    this.low = murmur3Text(line, this.low);
    this.high = murmur3Text(line, this.high);
    if (this.linesMax === 0) return;
    if (this.lines.length < this.linesMax) this.lines.push(line);
    else {
      this.lines[this.oldest] = line;
      this.oldest = (this.oldest + 1) % this.linesMax;
    }
  }

  /** Of everything that was ever added: 16 hexadecimal digits. */
  get hash(): string {
    return [this.high, this.low].map((word) => (word >>> 0).toString(16).padStart(8, '0')).join('');
  }

  /** The last lines, oldest first: virtual microseconds, thread, event, actor, detail. */
  get log(): readonly string[] {
    return [...this.lines.slice(this.oldest), ...this.lines.slice(0, this.oldest)];
  }

  /**
   * Listens to everything that a host does. Nothing in production code looks whether it is listened
   * to.
   */
  follow(host: Host): void {
    const { seat, spawner } = host;
    const { cell: spawn } = spawner;
    spawner.cell = (...args) => {
      const cell = spawn.apply(spawner, args);
      this.add(seat, 'spawn', `${cell.index}.${cell.generation}`, cell.definition.name);
      this.followCell(cell);
      return cell;
    };
    const { forget } = host;
    host.forget = (cell, exit) => {
      this.add(seat, 'stopped', cell.path, exit.reason);
      forget.call(host, cell, exit);
    };
    const { restarted } = host;
    host.restarted = (cell) => {
      this.add(seat, 'restart', cell.path);
      restarted.call(host, cell);
    };
    host.events.listen((event) => {
      this.add(seat, event.kind, 'path' in event ? event.path : String(event.thread));
    });
    host.deadLetters.listen(({ reason, to, name }) =>
      this.add(seat, 'dead', to, `${nameText(name)} ${reason}`),
    );
  }

  private followCell(cell: Cell): void {
    const { seat } = cell.host;
    cell.setHandlers = (handlers) => {
      this.add(seat, handlers === null ? 'ended' : 'handlers', cell.path);
      Cell.prototype.setHandlers.call(cell, handlers);
    };
    cell.run = (budget) => {
      let handled = 0;
      let isMore = true;
      while (isMore && handled < budget) {
        const box = cell.mailbox;
        if (box !== null && box.length > 0 && cell.canRun) {
          const at = box.oldest();
          this.add(seat, 'handle', cell.path, describe(box.places[at], box.places[at + 1]));
        }
        isMore = Cell.prototype.run.call(cell, 1) > 0;
        if (isMore) handled++;
      }
      return handled;
    };
  }
}

/** A message's name; of the runtime's own, the user's name that it stands for. */
function describe(name: unknown, payload: unknown): string {
  const own = (payload as { readonly name?: unknown } | null | undefined)?.name;
  const text = nameText(name);
  return text.startsWith('$') && typeof own === 'string' ? `${text} ${own}` : text;
}
