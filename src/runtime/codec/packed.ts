/**
 * The one door of msgpackr: packs trees of plain values and unpacks them. PayloadEncoder and
 * PayloadDecoder own one each. It does not judge values: the outbound copy hands it private copies
 * of what it keeps exactly, so no getter, proxy or toJSON of the user's runs inside the library,
 * whose state is per module.
 *
 * Objects are records: their keys are announced once per link, then only values travel. The entries
 * `msgpackr/pack` and `/unpack` do not load the native addon, whose reads through a large shared
 * buffer are a hundred times slower; it is not loaded here, whatever the environment says.
 */
import { Packr, RESET_BUFFER_MODE, REUSE_BUFFER_MODE } from 'msgpackr/pack';
import { Unpackr } from 'msgpackr/unpack';

/**
 * Key lists that one link announces. Range: 32..8,160 (msgpackr's ids). Higher: more kinds of
 * objects travel without keys, more memory on both sides. Lower: objects keyed by user ids use it
 * up sooner. Beyond it objects travel with their keys: about three times the bytes, and nothing
 * else changes.
 */
export const STRUCTURES_MAX = 256;
/** Objects with more keys than this are taken for tables and travel with their keys. */
export const STRUCTURE_KEYS_MAX = 32;

const PACK_MODE = REUSE_BUFFER_MODE | RESET_BUFFER_MODE;
/**
 * A library buffer above this is given back after use: one large payload costs no memory for good.
 */
const BUFFER_KEPT_BYTES = 256 * 1024;
const BUFFER_FRESH_BYTES = 8192;

type PlacedBuffer = Buffer & { start: number; end: number };

// The entries' declarations name a module that this kind of resolution does not find: here is what is used.
type LibraryWriter = {
  pack(tree: unknown, mode: number): PlacedBuffer;
  useBuffer(buffer: Buffer): void;
};
type LibraryReader = { unpack(bytes: Buffer, length: number): unknown };

/** Lists of keys that are announced: a tree by key, so that asking builds no joined text. */
class KeyLists {
  private readonly next = new Map<string, KeyLists>();
  private ends = false;

  add(keys: readonly string[]): void {
    let node: KeyLists = this;
    for (const key of keys) {
      let child = node.next.get(key);
      if (child === undefined) {
        child = new KeyLists();
        node.next.set(key, child);
      }
      node = child;
    }
    node.ends = true;
  }

  hasKeysOf(object: object): boolean {
    let node: KeyLists | undefined = this;
    for (const key in object) {
      node = node.next.get(key);
      if (node === undefined) return false;
    }
    return node.ends;
  }
}

/** Packs for one direction of one link. */
export class PackedWriter {
  /**
   * Where the last pack() put its bytes; the library's own memory, valid until anything else packs.
   */
  bytes: Uint8Array;
  start: number;
  end: number;
  private readonly packr: LibraryWriter;
  private readonly announce: (definition: Uint8Array) => void;
  private readonly admitted: string[][];
  private lists: KeyLists;
  private announced: number;
  /** Size of the library's buffer after the last pack(). */
  private bufferBytes: number;
  private hasWide: boolean;

  constructor(announce: (definition: Uint8Array) => void) {
    this.bytes = new Uint8Array(0);
    this.start = 0;
    this.end = 0;
    this.announce = announce;
    this.admitted = [];
    this.lists = new KeyLists();
    this.announced = 0;
    this.bufferBytes = 0;
    this.hasWide = false;
    this.packr = new Packr({
      structures: [],
      maxSharedStructures: STRUCTURES_MAX,
      maxOwnStructures: 0,
      // Only asked about key lists that the library has not met.
      shouldShareStructure: (keys: string[]) => this.admit(keys),
      saveStructures: () => undefined,
      useRecords: (object: object) => this.isRecord(object),
      variableMapSize: true,
      useBigIntExtension: true,
      structuredClone: false,
      moreTypes: false,
      useToJSON: false,
    });
  }

  /**
   * Packs a private tree of plain values, and announces every key list that is new in it.
   * `hasWide`: whether an object in it has more keys than STRUCTURE_KEYS_MAX.
   */
  pack(tree: unknown, hasWide: boolean): void {
    this.hasWide = hasWide;
    const admitted = this.admitted.length;
    const target = this.packOrForget(tree, admitted);
    // The library answers with a part of its buffer when it has learnt something, else with all of it.
    const isPart = this.admitted.length > admitted;
    this.bytes = target;
    this.start = isPart ? 0 : target.start;
    this.end = isPart ? target.length : target.end;
    this.bufferBytes = target.buffer.byteLength;
    if (this.admitted.length > this.announced) this.announceNew();
  }

  /** To be called when the packed bytes are copied: gives large memory back. */
  release(): void {
    if (this.bufferBytes <= BUFFER_KEPT_BYTES) return;
    this.bufferBytes = 0;
    this.packr.useBuffer(Buffer.allocUnsafeSlow(BUFFER_FRESH_BYTES));
    this.bytes = new Uint8Array(0);
  }

  /** When packing fails, for want of memory, the library forgets what it learnt; so must we. */
  private packOrForget(tree: unknown, admitted: number): PlacedBuffer {
    try {
      return this.packr.pack(tree, PACK_MODE);
    } catch (error) {
      this.admitted.length = admitted;
      this.lists = new KeyLists();
      for (const keys of this.admitted) this.lists.add(keys);
      throw error;
    }
  }

  private admit(keys: string[]): boolean {
    this.admitted.push(keys);
    this.lists.add(keys);
    return true;
  }

  private isRecord(object: object): boolean {
    // An unknown list must not reach the library when no id is left: it would remember it for ever.
    if (this.admitted.length >= STRUCTURES_MAX) return this.lists.hasKeysOf(object);
    if (!this.hasWide) return true;
    let keys = 0;
    for (const _ in object) keys += 1;
    return keys <= STRUCTURE_KEYS_MAX;
  }

  private announceNew(): void {
    // The callback may need the library's buffer; what was packed is set aside first.
    this.bytes = Uint8Array.prototype.slice.call(this.bytes, this.start, this.end);
    this.start = 0;
    this.end = this.bytes.length;
    const first = this.announced;
    const definition = Buffer.from(JSON.stringify([first, ...this.admitted.slice(first)]), 'utf8');
    this.announce(definition);
    // Only now: what failed to be announced is announced again with the next one.
    this.announced = this.admitted.length;
  }
}

/** Unpacks for one direction of one link. */
export class PackedReader {
  private readonly unpackr: LibraryReader;
  private readonly known: string[][];
  /** How many of `known` the library has taken over. */
  private taken: number;

  constructor() {
    this.known = [];
    this.taken = 0;
    this.unpackr = new Unpackr({
      // Asked when a record names a list that the library has not taken over yet.
      getStructures: () => this.handOver(),
      mapsAsObjects: true,
      structuredClone: false,
      copyBuffers: true,
    });
  }

  /** Takes an announcement, in the order in which they were made. @throws when it is none. */
  learn(definition: Uint8Array): void {
    const [first, ...lists] = JSON.parse(Buffer.from(definition).toString('utf8')) as unknown[];
    if (first !== this.known.length || first + lists.length > STRUCTURES_MAX) {
      throw new RangeError(`announcement ${String(first)}, expected ${this.known.length}`);
    }
    if (!lists.every(isKeyList)) throw new TypeError('announcement without key lists');
    this.known.push(...lists);
  }

  /** Unpacks `bytes[0, length)`; keeps nothing of them. @throws anything, when they are corrupt. */
  unpack(bytes: Buffer, length: number): unknown {
    if (length === 0) throw new RangeError('no bytes');
    return this.unpackr.unpack(bytes, length);
  }

  private handOver(): string[][] {
    if (this.taken === this.known.length) throw new RangeError('a record of unknown keys');
    this.taken = this.known.length;
    // Fresh lists: the library hangs its readers on them.
    return this.known.map((keys) => [...keys]);
  }
}

function isKeyList(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((key) => typeof key === 'string');
}
