/**
 * Whom a request means, by what it says itself, and why nobody is to be asked at all. What holds for a
 * request holds for one that wants another protocol: exchange.ts and tunnel.ts both come here. Pure.
 */
import type { IncomingMessage } from 'node:http';
import type { RefusalWord } from './refusal.ts';
import { isFormerAsked, keyOf, replicaOf } from './request-key.ts';
import type { RoutedService } from './routed-service.ts';

/** Undefined: it says something that it may not say. */
export type Asked = {
  /** Null: it has none. */
  readonly key: string | null;
  /** Which copy of a shard's key; null: any. */
  readonly replica: number | null | undefined;
  /** Whoever owned the key before. */
  readonly former: boolean | undefined;
};

/** As the request says it. */
export function askedOf(
  { config }: Pick<RoutedService, 'config'>,
  request: Pick<IncomingMessage, 'headers' | 'url' | 'socket'>,
): Asked {
  return {
    key: keyOf(config.key, request),
    replica: config.kind === 'sharded' ? replicaOf(request) : null,
    former: isFormerAsked(request),
  };
}

/** Why nobody is to be asked; null: somebody is. */
export function wrongIn(
  { key, replica, former }: Asked,
  { use, config }: Pick<RoutedService, 'use' | 'config'>,
): RefusalWord | null {
  if (key === null && config.kind === 'sharded') return 'no-key';
  if (replica === undefined || former === undefined) return 'bad-request';
  if (use.isQuarantined(key)) return 'quarantined';
  if (!former) return null;
  if (!use.choice.hasFormer) return 'no-former';
  return key === null ? 'no-key' : null;
}
