/** Which topics are tables: those whose rows are JSON. */
import type { TopicName } from '../../protocol/topics.ts';

/** One of them. */
export type TableTopic = Exclude<TopicName, 'actors'>;
