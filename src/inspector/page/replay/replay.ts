/**
 * Shows a moment of a recording: what was told until then goes where a server's frames would go. Forward
 * within a segment it goes on; else it begins anew at the segment's snapshot.
 */
import { decodeColumns } from '../../protocol/columns.ts';
import type { Changed } from '../../protocol/schema.ts';
import type { TopicName } from '../../protocol/topics.ts';
import type { RecordingEntry } from '../../recorder/recording.ts';
import type { ActorColumns } from '../tables/actor-columns.ts';
import { Changes } from '../tables/changes.ts';
import type { Table } from '../tables/table.ts';
import type { RecordingFile } from './recording-file.ts';

/** Where what was told goes. */
export type ReplaySinks = {
  readonly table: (topic: string) => Table<unknown>;
  readonly actors: ActorColumns;
  /** Nothing is known any more. */
  readonly forget: () => void;
};

/** One recording that is looked at. */
export class Replay {
  readonly file: RecordingFile;
  readonly changes: Changes;
  /** The moment that is shown. */
  nowMs: number;
  private readonly sinks: ReplaySinks;
  private segment: number;
  /** Entries of the segment that were told. */
  private told: number;

  constructor(file: RecordingFile, sinks: ReplaySinks) {
    this.file = file;
    this.changes = new Changes();
    this.sinks = sinks;
    this.segment = -1;
    this.told = 0;
    this.nowMs = Number.POSITIVE_INFINITY;
    this.seek(file.endMs);
  }

  /** To the nearest moment that there is. */
  seek(ms: number): void {
    const { segments, beginMs, endMs } = this.file;
    const toMs = Math.max(beginMs, Math.min(endMs, ms));
    const at = segments.findLastIndex((segment) => segment.beginMs <= toMs);
    if (at !== this.segment || toMs < this.nowMs) {
      this.sinks.forget();
      this.segment = at;
      this.told = 0;
    }
    this.nowMs = toMs;
    const { entries } = segments[at] ?? { entries: [] };
    for (let entry = entries[this.told]; entry !== undefined && entry.atMs <= toMs; ) {
      this.tell(entry);
      this.told++;
      entry = entries[this.told];
    }
    this.changes.happened();
  }

  private tell(entry: RecordingEntry): void {
    if (entry.kind === 'columns') {
      this.sinks.actors.take(decodeColumns(entry.bytes), entry.atMs);
    } else if (entry.kind === 'event') {
      const event = JSON.parse(entry.text) as Changed;
      const topic = this.file.head.topics[event.sub - 1] as TopicName | undefined;
      if (topic !== undefined) this.sinks.table(topic).take(event, event.params);
    }
  }
}
