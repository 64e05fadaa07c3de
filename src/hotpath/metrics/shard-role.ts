/**
 * Who is the writer and who the reader of a shard: one of each.
 * Called by metric-writer.ts and metric-reader.ts when they open; built on `Mem` alone.
 *
 * The writer's role is never given back. Names live in the writer alone, so a successor would give
 * the numbers of its predecessor's series to others, and their samples would mix.
 */
import { RingmasterError } from '../errors.ts';
import type { Mem } from '../mem.ts';
import { releaseRole, takeRole } from '../role.ts';
import { READER_ROLE_WORD, WRITER_ROLE_WORD } from './shard-layout.ts';

/** Becomes the writer of a shard, for good. @throws RM_METRICS_STATE when it has or had one. */
export function takeWriterRole(mem: Mem): void {
  if (takeRole(mem, WRITER_ROLE_WORD, false)) return;
  throw new RingmasterError(
    'RM_METRICS_STATE',
    'the shard has a writer, or had one; expected a shard that never had one, since names live in ' +
      'the writer alone: create another shard.',
  );
}

/**
 * Becomes the reader of a shard; with `takeOver` also in place of one whose thread has ended.
 * @throws RM_METRICS_STATE when somebody is, or when the word is none of ours.
 */
export function takeReaderRole(mem: Mem, takeOver: boolean): void {
  if (takeRole(mem, READER_ROLE_WORD, takeOver)) return;
  throw new RingmasterError(
    'RM_METRICS_STATE',
    'the shard has a reader, expected none; close that one first, or give takeOver if its thread ' +
      'has ended.',
    { role: mem.load(READER_ROLE_WORD) },
  );
}

/** Gives the reader's role up, by the reader alone. */
export function releaseReaderRole(mem: Mem): void {
  releaseRole(mem, READER_ROLE_WORD);
}
