/**
 * From the 128-bit hash of a series' labels to the number of its input: open addressing in flat arrays,
 * two of them. Owned by series-shard.ts. A hash that is there stands for its series: it is keyed, see
 * label-hash.ts. It forgets only as a whole, by `retain`.
 */
import { assert } from '../errors.ts';

const HASH_WORDS = 4;
/** Hashes that the first arrays have room for. */
const ENTRIES_MIN = 1_024;
/** What `find` answers for a hash that is not there. */
export const NOT_FOUND = -1;

/** One thread. */
export class SeriesIndex {
  private count = 0;
  /** Entry + 1, or 0; twice as many places as entries at least. */
  private places = new Uint32Array(2 * ENTRIES_MIN);
  private hashes = new Uint32Array(HASH_WORDS * ENTRIES_MIN);
  private inputs = new Uint32Array(ENTRIES_MIN);

  /** Hashes that are known. */
  get size(): number {
    return this.count;
  }

  /** The input of the four words at `at`, or `NOT_FOUND`. */
  find(words: Uint32Array, at: number): number {
    const { places, hashes } = this;
    const mask = places.length - 1;
    const a = words[at] as number;
    const b = words[at + 1] as number;
    for (let place = a & mask; ; place = (place + 1) & mask) {
      const entry = places[place] as number;
      if (entry === 0) return -1;
      const hash = 4 * (entry - 1);
      if (
        hashes[hash] === a &&
        hashes[hash + 1] === b &&
        hashes[hash + 2] === words[at + 2] &&
        hashes[hash + 3] === words[at + 3]
      ) {
        return this.inputs[entry - 1] as number;
      }
    }
  }

  /** Enters a hash that is not there. */
  add(words: Uint32Array, at: number, input: number): void {
    assert(this.find(words, at) === NOT_FOUND, 'the hash is there already');
    if (this.count === this.inputs.length) this.grow();
    const entry = this.count;
    this.count += 1;
    this.hashes.set(words.subarray(at, at + HASH_WORDS), HASH_WORDS * entry);
    this.inputs[entry] = input;
    this.place(entry);
  }

  /** Forgets the hashes of all inputs but those kept. Costs a pass over all of them. */
  retain(isKept: (input: number) => boolean): void {
    const { hashes, inputs } = this;
    let to = 0;
    for (let entry = 0; entry < this.count; entry += 1) {
      if (!isKept(inputs[entry] as number)) continue;
      hashes.copyWithin(HASH_WORDS * to, HASH_WORDS * entry, HASH_WORDS * (entry + 1));
      inputs[to] = inputs[entry] as number;
      to += 1;
    }
    this.count = to;
    this.placeAll(this.places.length);
  }

  private grow(): void {
    const entries = 2 * this.inputs.length;
    const hashes = new Uint32Array(HASH_WORDS * entries);
    hashes.set(this.hashes);
    this.hashes = hashes;
    const inputs = new Uint32Array(entries);
    inputs.set(this.inputs);
    this.inputs = inputs;
    this.placeAll(2 * entries);
  }

  private placeAll(places: number): void {
    if (places === this.places.length) this.places.fill(0);
    else this.places = new Uint32Array(places);
    for (let entry = 0; entry < this.count; entry += 1) this.place(entry);
  }

  private place(entry: number): void {
    const { places } = this;
    const mask = places.length - 1;
    let place = (this.hashes[HASH_WORDS * entry] as number) & mask;
    while (places[place] !== 0) place = (place + 1) & mask;
    places[place] = entry + 1;
  }
}
