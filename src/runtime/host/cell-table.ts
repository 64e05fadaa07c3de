/**
 * The places of one thread's actors: which cell sits where, and which generation a place is in. A
 * place that is given back is used again only after all others that are free, with the next
 * generation, so that a stale ref finds nobody instead of a stranger.
 *
 * Invariant RT-3: two actors that ever had the same place differ in generation.
 */
import type { Cell } from '../cell/cell.ts';
import { runtimeError } from '../errors.ts';

/**
 * A generation is 30 bits: which worker of the seat (10 bits, wrapping) and which use of the place
 * (20 bits). A place that has been used 2^20 times under one worker is not used again.
 */
const USES_BITS = 20;
const USES_MAX: number = (1 << USES_BITS) - 1;
const EPOCH_MASK = 0x3ff;

/** Cells by place. Thread rule: its host's thread. */
export class CellTable {
  /** How many actors there are. */
  size: number;
  /** Places kept for actors that come back: index to generation. */
  private readonly reserved: Map<number, number>;
  private readonly cells: (Cell | null)[];
  private readonly generations: number[];
  private readonly actorsMax: number;
  private readonly firstGeneration: number;
  /** Places given back, oldest first, from `freeHead` on. */
  private free: number[];
  private freeHead: number;

  /** `epoch`: how many workers have sat here before. */
  constructor(actorsMax: number, epoch: number) {
    this.size = 0;
    this.reserved = new Map();
    this.cells = [];
    this.generations = [];
    this.actorsMax = actorsMax;
    this.firstGeneration = ((epoch & EPOCH_MASK) << USES_BITS) + 1;
    this.free = [];
    this.freeHead = 0;
  }

  /** A free place; its generation is `generationOf`. @throws RM_ACTORS_MAX */
  take(): number {
    if (this.freeHead < this.free.length) {
      const index = this.free[this.freeHead++] as number;
      if (this.freeHead > 1024 && this.freeHead * 2 > this.free.length) this.compact();
      return index;
    }
    const index = this.cells.length;
    if (index >= this.actorsMax) throw this.noPlace();
    this.cells.push(null);
    this.generations.push(this.firstGeneration);
    return index;
  }

  generationOf(index: number): number {
    return this.generations[index] as number;
  }

  set(cell: Cell): void {
    this.reserved.delete(cell.index);
    this.cells[cell.index] = cell;
    this.size++;
  }

  /** The cell in that place if it is of that generation; null if it has stopped. */
  find(index: number, generation: number): Cell | null {
    const cell = this.cells[index];
    return cell !== undefined && cell !== null && cell.generation === generation ? cell : null;
  }

  /** Keeps a place for an actor that comes back after its thread was lost. */
  reserve(index: number, generation: number): void {
    while (this.cells.length <= index) {
      this.free.push(this.cells.length);
      this.cells.push(null);
      this.generations.push(this.firstGeneration);
    }
    this.generations[index] = generation;
    this.reserved.set(index, generation);
    const at = this.free.indexOf(index, this.freeHead);
    if (at >= 0) this.free.splice(at, 1);
  }

  isReserved(index: number, generation: number): boolean {
    return this.reserved.get(index) === generation;
  }

  /** Gives the place back. */
  remove(cell: Cell): void {
    if (this.cells[cell.index] !== cell) return;
    this.cells[cell.index] = null;
    this.size--;
    this.giveBack(cell.index, cell.generation);
  }

  /** The actor for which the place was kept does not come back. @returns whether it was kept. */
  release(index: number, generation: number): boolean {
    if (!this.isReserved(index, generation)) return false;
    this.reserved.delete(index);
    this.giveBack(index, generation);
    return true;
  }

  /** All cells, in order of place. */
  *all(): Generator<Cell> {
    for (const cell of this.cells) if (cell !== null) yield cell;
  }

  private giveBack(index: number, generation: number): void {
    if ((generation & USES_MAX) === USES_MAX) return;
    // One that came back from an earlier worker goes on with this worker's numbers.
    const next = generation >= this.firstGeneration ? generation + 1 : this.firstGeneration;
    this.generations[index] = next;
    this.free.push(index);
  }

  private compact(): void {
    this.free = this.free.slice(this.freeHead);
    this.freeHead = 0;
  }

  private noPlace(): Error {
    return runtimeError(
      'RM_ACTORS_MAX',
      `this thread has ${this.actorsMax} actors; stop some, spread them, or raise start({ actorsMax }).`,
      { actorsMax: this.actorsMax },
    );
  }
}
