/** What was known at a moment: rows of tables, and all actors. What is compared are two of these. */
import type { RowOf } from '../../protocol/topics.ts';
import type { ActorColumns } from '../tables/actor-columns.ts';
import type { TableTopic } from '../tables/table-topic.ts';

/** One of them. */
export type Moment = {
  /** Of the run of the server: rows of events are numbered within one. */
  readonly epoch: string;
  /** By that server's clock. */
  readonly atMs: number;
  readonly actors: ActorColumns;
  readonly rows: <T extends TableTopic>(topic: T) => ReadonlyMap<string, RowOf<T>>;
};
