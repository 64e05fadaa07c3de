/**
 * A data file of LMDB read page by page, without LMDB: the library trusts what it maps, and a damaged
 * page or a file that was cut off ends the process. Whoever wants to write looks here first;
 * exportStore takes from here what can still be read. It never writes. Of a file that somebody writes
 * to, what was read counts only if `isUnchanged` says so afterwards: pages are used again, though none
 * that the newest head leads to, until a newer one is written.
 *
 *   file     page 0, page 1: the two heads, the one with the higher transaction counts │ page 2 …
 *   page     0 number u64 │ 8 transaction u64 │ 18 flags u16 │ 20 lower u16 │ 22 upper u16 │ 24 slots
 *            u16 …  … nodes; a slot points at its node, counted from byte 24; overflow: 20 pages u32
 *   head     24 magic │ 28 version │ 48 tree of free pages │ 96 main tree │ 144 last page │ 152 txn
 *   tree     0 page bytes u32 (of the free tree) │ 6 depth u16 │ 32 entries u64 │ 40 root u64
 *   node     0 size u32, or page u48 │ 4 flags u16 │ 6 key bytes u16 │ 8 key … │ value …
 */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { damaged } from './record-layout.ts';

/** Finds a part of the file that cannot be read; may throw, or be content with the rest. */
export type OnDamage = (error: Error) => void;

type Heads = { readonly first: DataView; readonly second: DataView; readonly pageBytes: number };
type Tree = { readonly depth: number; readonly entries: number; readonly root: number };
type Visit = (key: Uint8Array, value: Uint8Array, flags: number) => void;
type Walk = {
  readonly visit: Visit;
  readonly onDamage: OnDamage;
  readonly seen: Set<number>;
  /** Null: the keys of this tree are not in the order of their bytes. */
  last: Uint8Array | null;
  readonly isOrdered: boolean;
  found: number;
};

const MAGIC = 0xbeefc0de;
const VERSION = 2;
const PAGE_HEAD = 24;
const BRANCH = 0x01;
const LEAF = 0x02;
const OVERFLOW = 0x04;
const META = 0x08;
const BIG_VALUE = 0x01;
const SUB_TREE = 0x02;
/** Kinds of trees: keys that are numbers, and keys that are bytes. */
const NUMBER_KEYS = 0x08;
const BYTE_KEYS = 0;
const NO_PAGE = 0xffff_ffff_ffff_ffffn;

/**
 * Tries to read both heads as they are at one moment. Higher: more patience with a writer; each
 * failure takes a whole commit of its between two reads of 256 bytes.
 */
const HEAD_READS_MAX = 1000;

/** An open data file. */
export class LmdbFile {
  private readonly fd: number;
  private readonly size: number;
  private readonly heads: Heads;
  private readonly pageBytes: number;
  private readonly lastPage: number;
  /** The newest that was committed. */
  readonly transaction: bigint;
  private readonly main: Tree;
  private readonly free: Tree;

  /** @throws RM_STORE_FORMAT when it is no file of LMDB's; what the file system throws */
  constructor(path: string) {
    this.fd = openSync(path, 'r');
    try {
      this.size = fstatSync(this.fd).size;
      this.heads = this.headsAtOnce();
      const { first, second, pageBytes } = this.heads;
      this.pageBytes = pageBytes;
      const [one, other] = [first.getBigUint64(152, true), second.getBigUint64(152, true)];
      // They are written in turn. A new file has two of transaction 0.
      if (one - other !== 1n && other - one !== 1n && one + other !== 0n) {
        throw damaged(`the heads of the data file are of the transactions ${one} and ${other}`);
      }
      const newer = other > one ? second : first;
      this.transaction = newer.getBigUint64(152, true);
      this.lastPage = Number(newer.getBigUint64(144, true));
      this.free = treeAt(newer, 48, NUMBER_KEYS);
      this.main = treeAt(newer, 96, BYTE_KEYS);
    } catch (error) {
      closeSync(this.fd);
      throw error;
    }
  }

  close(): void {
    closeSync(this.fd);
  }

  /**
   * Whether nothing was committed since this was made: then all that it has read is of that moment.
   * @throws RM_STORE_FORMAT, what the file system throws
   */
  isUnchanged(): boolean {
    return areSame(this.heads, this.readHeads());
  }

  /**
   * Reads every page that counts, and that none of them is listed as free: it would be written over.
   * @throws RM_STORE_FORMAT at the first damage
   */
  check(): void {
    const fail: OnDamage = (error) => {
      throw error;
    };
    const used = new Set<number>();
    const trees: Tree[] = [];
    const lists: Uint8Array[] = [];
    this.walk(this.free, false, (_key, list) => void lists.push(list), fail, used);
    this.walk(
      this.main,
      true,
      (_key, value, flags) => void trees.push(subTree(value, flags)),
      fail,
      used,
    );
    for (const tree of trees) this.walk(tree, true, () => undefined, fail, used);
    for (const list of lists) this.checkFree(list, used);
    const inFile = Math.floor(this.size / this.pageBytes);
    let behind = 0;
    for (const page of used) if (page >= inFile) behind++;
    // The file may be shorter than its last page says, but only by pages that are free.
    if (this.lastPage + 1 - inFile > behind) {
      throw damaged(
        `the file ends before page ${inFile}; its head says ${this.lastPage} is the last`,
      );
    }
  }

  /** Copies of one table's records, in order; what cannot be read is told and passed over. */
  records(
    table: string,
    visit: (key: Uint8Array, value: Uint8Array) => void,
    onDamage: OnDamage,
  ): void {
    let tree: Tree | null = null;
    const name = Buffer.from(table);
    this.walk(
      this.main,
      true,
      (key, value, flags) => {
        // The library may end a name with a zero byte.
        if (name.equals(key[key.length - 1] === 0 ? key.subarray(0, -1) : key)) {
          tree = subTree(value, flags);
        }
      },
      onDamage,
    );
    const visitCopy: Visit = (key, value) => visit(key.slice(), value.slice());
    if (tree !== null) this.walk(tree, true, visitCopy, onDamage);
  }

  private walk(
    tree: Tree,
    isOrdered: boolean,
    visit: Visit,
    onDamage: OnDamage,
    seen: Set<number> = new Set(),
  ): void {
    if (tree.root === Number(NO_PAGE)) return;
    const walk: Walk = { visit, onDamage, seen, last: null, isOrdered, found: 0 };
    this.page(tree.root, tree.depth, walk);
    if (walk.found === tree.entries) return;
    onDamage(damaged(`a tree has ${walk.found} records; its root says ${tree.entries}`));
  }

  /** One page and what hangs below it. */
  private page(number: number, depth: number, walk: Walk): void {
    let nodes: DataView[];
    try {
      nodes = this.nodesOf(number, depth, walk);
    } catch (error) {
      walk.onDamage(error as Error);
      return;
    }
    for (const node of nodes) {
      if (depth > 1)
        this.page(node.getUint16(4, true) * 2 ** 32 + node.getUint32(0, true), depth - 1, walk);
      else this.leafNode(node, walk);
    }
  }

  private nodesOf(number: number, depth: number, walk: Walk): DataView[] {
    if (walk.seen.has(number)) throw damaged(`page ${number} hangs in a tree twice`);
    walk.seen.add(number);
    const page = this.read(number, 1);
    const flags = page.getUint16(18, true);
    if (flags !== (depth > 1 ? BRANCH : LEAF)) {
      throw damaged(`page ${number} has the kind ${flags} at depth ${depth}`);
    }
    const count = page.getUint16(20, true) >> 1;
    const upper = page.getUint16(22, true) + PAGE_HEAD;
    if (count === 0 || PAGE_HEAD + 2 * count > upper || upper > this.pageBytes) {
      throw damaged(`page ${number} has ${count} nodes above byte ${upper}`);
    }
    const nodes: DataView[] = [];
    for (let index = 0; index < count; index++) {
      const at = page.getUint16(PAGE_HEAD + 2 * index, true) + PAGE_HEAD;
      const end =
        at + 8 <= this.pageBytes ? at + 8 + page.getUint16(at + 6, true) : this.pageBytes + 1;
      if (at < upper || end > this.pageBytes) {
        throw damaged(`node ${index} of page ${number} lies outside of it`);
      }
      nodes.push(new DataView(page.buffer, page.byteOffset + at, this.pageBytes - at));
    }
    return nodes;
  }

  private leafNode(node: DataView, walk: Walk): void {
    try {
      const keyLength = node.getUint16(6, true);
      const key = bytesOf(node, 8, keyLength);
      const size = node.getUint32(0, true);
      const flags = node.getUint16(4, true);
      const value =
        (flags & BIG_VALUE) === 0
          ? bytesOf(node, 8 + keyLength, size)
          : this.bigValue(viewOf(bytesOf(node, 8 + keyLength, 24)), size, walk);
      if (walk.isOrdered && walk.last !== null && Buffer.compare(walk.last, key) >= 0) {
        throw damaged('keys of a tree are not in order');
      }
      walk.last = key;
      walk.found++;
      walk.visit(key, value, flags);
    } catch (error) {
      walk.onDamage(error as Error);
    }
  }

  /** A value on pages of its own; `place`: the first of them, its transaction, their number. */
  private bigValue(place: DataView, size: number, walk: Walk): Uint8Array {
    const number = Number(place.getBigUint64(0, true));
    // A value that became shorter keeps its pages.
    const pages = Number(place.getBigUint64(16, true));
    const least = Math.ceil((PAGE_HEAD + size) / this.pageBytes);
    const page = this.read(number, least);
    const told = page.getUint32(20, true);
    const isOld = place.getBigUint64(8, true) <= this.transaction;
    if (page.getUint16(18, true) !== OVERFLOW || told !== pages || pages < least || !isOld) {
      throw damaged(`page ${number} should begin a value of ${size} bytes`);
    }
    if (number + pages - 1 > this.lastPage) throw damaged(`page ${number} leads beyond the last`);
    for (let each = number; each < number + pages; each++) {
      if (walk.seen.has(each)) throw damaged(`page ${each} is used twice`);
      walk.seen.add(each);
    }
    return bytesOf(page, PAGE_HEAD, size);
  }

  /** A list of free pages: its length, then pages, runs as minus their length and a page, and zeros. */
  private checkFree(list: Uint8Array, used: Set<number>): void {
    const view = viewOf(list);
    const slots = list.length >= 8 ? Number(view.getBigUint64(0, true)) : -1;
    if (slots < 0 || 8 + 8 * slots > list.length) throw damaged('a list of free pages is cut off');
    let run = 1;
    for (let slot = 1; slot <= slots; slot++) {
      const number = Number(view.getBigInt64(8 * slot, true));
      if (number < 0) run = -number;
      if (number <= 0) continue;
      if (number < 2 || number + run - 1 > this.lastPage) {
        throw damaged(`pages from ${number} on, ${run} of them, are listed as free; they are none`);
      }
      for (let page = number; page < number + run; page++) {
        if (used.has(page)) throw damaged(`page ${page} is listed as free, and it is used`);
        used.add(page);
      }
      run = 1;
    }
  }

  /** So many pages, one behind the other. */
  private read(number: number, pages: number): DataView {
    const at = number * this.pageBytes;
    const size = pages * this.pageBytes;
    if (number < 2 || number + pages - 1 > this.lastPage || at + size > this.size) {
      throw damaged(
        `page ${number} should be read; the file has ${this.size} bytes and ends with page ${this.lastPage}`,
      );
    }
    const page = this.bytes(at, size);
    const [found, written] = [page.getBigUint64(0, true), page.getBigUint64(8, true)];
    if (found !== BigInt(number)) throw damaged(`page ${number} has the number ${found}`);
    // LMDB writes in place to a page that seems to be of a transaction to come.
    if (written > this.transaction) throw damaged(`page ${number} is of transaction ${written}`);
    return page;
  }

  /** A writer that commits between two reads would leave two heads that never were at once. */
  private headsAtOnce(): Heads {
    let heads = this.readHeads();
    for (let reads = 1; reads < HEAD_READS_MAX; reads++) {
      const again = this.readHeads();
      if (areSame(heads, again)) return again;
      heads = again;
    }
    throw damaged('the heads of the data file change faster than they can be read');
  }

  private readHeads(): Heads {
    const first = this.head(0);
    if (first === null)
      throw notOurs(`it has ${this.size} bytes and begins with no head of LMDB's`);
    const pageBytes = first.getUint32(48, true);
    if (pageBytes < 256 || pageBytes > 65536) {
      throw notOurs(`its head says pages of ${pageBytes} bytes`);
    }
    const second = this.head(pageBytes);
    if (second === null) throw damaged('the second head of the data file is no head');
    return { first, second, pageBytes };
  }

  /** Null: no head is there. */
  private head(at: number): DataView | null {
    if (at + 256 > this.size) return null;
    const head = this.bytes(at, 256);
    if ((head.getUint16(18, true) & META) === 0 || head.getUint32(24, true) !== MAGIC) return null;
    const version = head.getUint32(28, true) & 0xffff;
    if (version === VERSION) return head;
    throw notOurs(`its format is version ${version} of LMDB's; this one reads ${VERSION}`);
  }

  private bytes(at: number, size: number): DataView {
    const bytes = Buffer.alloc(size);
    if (readSync(this.fd, bytes, 0, size, at) !== size) throw damaged(`byte ${at} cannot be read`);
    return viewOf(bytes);
  }
}

/** Of an open data file in which no head is being written. Cheap: two reads. */
export function newestTransaction(fd: number): number {
  const head = Buffer.alloc(160);
  readSync(fd, head, 0, head.length, 0);
  const first = head.readBigUInt64LE(152);
  readSync(fd, head, 0, 8, head.readUInt32LE(48) + 152);
  const second = head.readBigUInt64LE(0);
  return Number(first > second ? first : second);
}

/** @throws RM_STORE_FORMAT when its records are not of the kind that we make */
function treeAt(view: DataView, at: number, kind: number): Tree {
  const flags = view.getUint16(at + 4, true);
  if (flags !== kind) throw damaged(`a tree has the flags ${flags}, expected ${kind}`);
  return {
    depth: view.getUint16(at + 6, true),
    entries: Number(view.getBigUint64(at + 32, true)),
    root: Number(view.getBigUint64(at + 40, true)),
  };
}

function subTree(value: Uint8Array, flags: number): Tree {
  if (flags === SUB_TREE && value.length === 48) return treeAt(viewOf(value), 0, BYTE_KEYS);
  throw damaged('an entry of the main tree is no table');
}

/** Every page is read into bytes of its own, which stay. @throws RM_STORE_FORMAT beyond the page */
function bytesOf(view: DataView, at: number, length: number): Uint8Array {
  if (at + length > view.byteLength)
    throw damaged(`a value of ${length} bytes crosses its page's end`);
  return new Uint8Array(view.buffer, view.byteOffset + at, length);
}

function areSame(one: Heads, other: Heads): boolean {
  const isSame = (a: DataView, b: DataView): boolean =>
    Buffer.compare(bytesOf(a, 0, a.byteLength), bytesOf(b, 0, b.byteLength)) === 0;
  return isSame(one.first, other.first) && isSame(one.second, other.second);
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function notOurs(what: string): Error {
  return damaged(`data.mdb is no store of this version: ${what}`);
}
