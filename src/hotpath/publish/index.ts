/** Door of publish: immutable versions of a table in shared memory, read without a lock. */

export { formatPublished, type PublishOptions, publishBytes } from './publish-header.ts';
export type { PublishSizes } from './publish-layout.ts';
export { NOTHING_PUBLISHED, PIN_CONTENDED, PublishedReader } from './published-reader.ts';
export { NO_SLOT_FREE, Publisher, type PublisherOptions } from './publisher.ts';
