/**
 * Keeps the last minutes of all topics, so that what led to a failure can be looked at after it: another
 * reader of the board, once a second, whose frames go into memory. Bounded by time and by bytes; the oldest
 * segment goes first.
 */
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { LIMITS, PROTOCOL } from '../protocol/schema.ts';
import { TOPIC_NAMES, type TopicName } from '../protocol/topics.ts';
import type { Board } from '../topics/board.ts';
import type { Sweep, Topic } from '../topics/topic.ts';
import { encodeRecord, type RecordingHead, recordingMagic, segmentLength } from './recording.ts';

/** How much is kept. */
export type RecorderLimits = {
  /** Minutes, at least; up to a segment more is there. */
  readonly minutes: number;
  /** Bytes in memory, about. */
  readonly bytes: number;
  /** Actors are recorded while there are at most so many. Higher: more memory, and a longer look. */
  readonly actors: number;
};

/** What is recorded unless somebody says otherwise. */
export const RECORDER_DEFAULT: RecorderLimits = { minutes: 5, bytes: 64 * 2 ** 20, actors: 20_000 };

/** Milliseconds of a segment. Higher: more is dropped at a time. Lower: more snapshots. */
const SEGMENT_MS = 60_000;
/** Milliseconds between two looks at the actors. */
const ACTORS_MS = 5000;

const compressed = promisify(gzip);

type Closed = { readonly endMs: number; readonly bytes: Uint8Array };

/** What a recorder is made of. */
export type RecorderParts = {
  readonly board: Board;
  readonly limits: RecorderLimits;
  readonly nowIso: () => string;
  /** How many actors there are. */
  readonly actors: () => number;
  /** By the clock of the decisions; null: not known (yet), or there is no fleet. */
  readonly decisionsMs: () => number | null;
};

/** Thread rule: the inspector's thread. */
export class FlightRecorder {
  private readonly parts: RecorderParts;
  private closed: Closed[] = [];
  /** Records of the open segment. */
  private open: Uint8Array[] = [];
  private openBytes: number = 0;
  /** Of them, what the segment began with. */
  private firstBytes: number = 0;
  private beganMs: number | null = null;
  private readonly names: readonly TopicName[];
  private isWatching: boolean = false;
  /** The open segment has a head that says how the clock of the decisions stands. */
  private isClockTold: boolean = false;
  private sweeps: Map<TopicName, Sweep> = new Map();
  private frames: number = 0;
  private actorsAtMs: number = Number.NEGATIVE_INFINITY;
  private areActorsWatched: boolean = false;
  /** Segments are compressed one after the other. */
  private compressing: Promise<void> = Promise.resolve();
  private asked: Promise<Uint8Array> | null = null;

  constructor(parts: RecorderParts) {
    this.parts = parts;
    this.names = TOPIC_NAMES.filter((name) => parts.board.has(name));
  }

  /** Once a second. */
  second(nowMs: number): void {
    const { limits, board } = this.parts;
    if (!this.isWatching) for (const name of this.names) if (name !== 'actors') board.watch(name);
    this.isWatching = true;
    const isLong = this.beganMs !== null && nowMs - this.beganMs >= SEGMENT_MS;
    // Another snapshot has to be worth it: it may be larger than what a segment is to hold.
    const bytesMax = Math.max(limits.bytes / 4, 2 * this.firstBytes);
    if (isLong || this.openBytes > bytesMax) this.close(nowMs);
    const isFirst = this.beganMs === null;
    if (isFirst) this.begin(nowMs);
    else if (!this.isClockTold && this.parts.decisionsMs() !== null) this.tellHead(nowMs);
    for (const name of this.names) if (this.isWanted(name, nowMs)) this.take(name, nowMs);
    if (isFirst) this.firstBytes = this.openBytes;
    this.drop(nowMs);
  }

  /** All that is kept, as a file. The segment that is open goes on; those who ask together get the same. */
  file(): Promise<Uint8Array> {
    this.asked ??= this.made().finally(() => {
      this.asked = null;
    });
    return this.asked;
  }

  private async made(): Promise<Uint8Array> {
    const open = this.open.length === 0 ? null : compressed(Buffer.concat(this.open));
    await this.compressing;
    const segments = this.closed.map(({ bytes }) => bytes);
    if (open !== null) segments.push(await open);
    const parts = segments.flatMap((bytes) => [segmentLength(bytes.length), bytes]);
    return new Uint8Array(Buffer.concat([recordingMagic(), ...parts]));
  }

  private begin(nowMs: number): void {
    this.beganMs = nowMs;
    this.sweeps = new Map();
    this.actorsAtMs = Number.NEGATIVE_INFINITY;
    this.tellHead(nowMs);
  }

  private tellHead(nowMs: number): void {
    const { board, nowIso, decisionsMs: clock } = this.parts;
    const decisionsMs = clock();
    this.isClockTold = decisionsMs !== null;
    const own = { epoch: board.epoch, nowIso: nowIso(), decisionsMs };
    const head: RecordingHead = { ...own, protocol: PROTOCOL.name, topics: TOPIC_NAMES };
    this.push(encodeRecord(nowMs, 'head', JSON.stringify(head)));
  }

  /** Actors are many: they are looked at less often, and not at all when there are too many. */
  private isWanted(name: TopicName, nowMs: number): boolean {
    if (name !== 'actors') return true;
    const { board, limits, actors } = this.parts;
    const areFew = actors() <= limits.actors;
    if (areFew !== this.areActorsWatched) {
      this.areActorsWatched = areFew;
      if (areFew) board.watch('actors');
      else board.unwatch('actors');
      // Names are told from now on.
      return false;
    }
    if (!areFew || nowMs - this.actorsAtMs < ACTORS_MS) return false;
    this.actorsAtMs = nowMs;
    board.look('actors', nowMs);
    return true;
  }

  private take(name: TopicName, nowMs: number): void {
    const topic: Topic = this.parts.board.topics[name];
    const told = this.sweeps.get(name);
    const sweep = told ?? { from: 0, to: 0, cursor: 0 };
    this.sweeps.set(name, sweep);
    if (sweep.from < topic.floor) sweep.from = 0;
    // That there is nothing is told, too, once.
    if (told !== undefined && sweep.from === topic.last) return;
    sweep.to = topic.last;
    const sub = TOPIC_NAMES.indexOf(name) + 1;
    for (let cursor: number | null = 0; cursor !== null; ) {
      sweep.cursor = cursor;
      const part = topic.read(sweep, { sub, frame: ++this.frames }, LIMITS.frameBytes);
      const kind = typeof part.data === 'string' ? 'event' : 'columns';
      this.push(encodeRecord(nowMs, kind, part.data));
      cursor = part.cursor;
    }
    sweep.from = sweep.to;
  }

  private push(record: Uint8Array): void {
    this.open.push(record);
    this.openBytes += record.length;
  }

  /** What was open is compressed, aside. */
  private close(nowMs: number): void {
    if (this.beganMs === null) return;
    const records = this.open;
    this.open = [];
    this.openBytes = 0;
    this.beganMs = null;
    this.compressing = this.compressing.then(async () => {
      const bytes = await compressed(Buffer.concat(records));
      this.closed.push({ endMs: nowMs, bytes });
      this.drop(nowMs);
    });
  }

  private drop(nowMs: number): void {
    const { minutes, bytes: bytesMax } = this.parts.limits;
    let bytes = this.openBytes;
    const kept: Closed[] = [];
    for (const segment of this.closed.toReversed()) {
      bytes += segment.bytes.length;
      if (bytes > bytesMax || nowMs - segment.endMs > minutes * 60_000) break;
      kept.unshift(segment);
    }
    this.closed = kept;
  }
}
