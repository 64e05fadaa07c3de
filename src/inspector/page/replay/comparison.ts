/** With what the moment that is shown is compared: another one of its recording, or of another one. */
import { Changes } from '../tables/changes.ts';
import { Played } from './played.ts';
import type { RecordingFile } from './recording-file.ts';

/** One for each load of the page. */
export class Comparison {
  readonly changes: Changes = new Changes();
  /** Null: with nothing. */
  played: Played | null = null;

  /** With the moment of a file. */
  with(file: RecordingFile, ms: number): void {
    if (this.played?.file !== file) this.played = new Played(file);
    this.played.seek(ms);
    this.changes.happened();
  }

  clear(): void {
    this.played = null;
    this.changes.happened();
  }
}
