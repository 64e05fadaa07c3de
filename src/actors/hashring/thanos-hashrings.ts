/**
 * A ring as Thanos Receive reads it: the text of its `hashrings.json`. Whoever writes the file does so
 * atomically, and only when the text is another one; equal rings give equal texts. Pure.
 */
import { compareText } from '../arithmetic/compare-text.ts';
import type { RingView } from '../protocol/fleet-view.ts';
import { type SlotId, slotParts } from '../protocol/identity.ts';
import type { RingSpec } from './ring-table.ts';

/** One hashring. */
export type ThanosHashring = {
  readonly name: string;
  /** Who is routed by it; none: all whom no other hashring names. */
  readonly tenants: readonly string[];
  readonly endpoints: readonly { readonly address: string; readonly az: string }[];
  readonly shuffle: RingSpec['shuffle'];
};

/** The hashring of a service; null: a member has no address yet, and the last file stands. */
export function thanosHashring(
  name: string,
  { members }: Pick<RingView, 'members'>,
  addresses: ReadonlyMap<SlotId, string>,
  shuffle: RingSpec['shuffle'],
): ThanosHashring | null {
  const endpoints = members.flatMap((slot) => {
    const address = addresses.get(slot);
    return address === undefined ? [] : [{ address, az: slotParts(slot)?.zone ?? '' }];
  });
  if (endpoints.length < members.length) return null;
  return { name, tenants: [], endpoints, shuffle };
}

/**
 * The whole file, hashrings with tenants first: the first that matches wins, and one without tenants
 * matches everybody. Null: nobody is in any ring, and an empty file would be refused by its reader.
 */
export function hashringsJson(rings: readonly ThanosHashring[]): string | null {
  const filled = rings.filter(({ endpoints }) => endpoints.length > 0);
  if (filled.length === 0) return null;
  const rank = ({ tenants }: ThanosHashring): number => (tenants.length > 0 ? 0 : 1);
  const sorted = filled.toSorted((a, b) => rank(a) - rank(b) || compareText(a.name, b.name));
  return `${JSON.stringify(sorted.map(written), null, 2)}\n`;
}

function written({ name, tenants, endpoints, shuffle }: ThanosHashring): object {
  return {
    hashring: name,
    ...(tenants.length > 0 ? { tenants: tenants.toSorted(compareText) } : {}),
    endpoints: endpoints
      .map(({ address, az }) => ({ address, az }))
      .toSorted((a, b) => compareText(a.address, b.address) || compareText(a.az, b.az)),
    algorithm: 'ketama',
    ...(shuffle === undefined ? {} : { shuffle_sharding_config: writtenShuffle(shuffle) }),
  };
}

function writtenShuffle({ shardSize, overrides }: NonNullable<RingSpec['shuffle']>): object {
  return {
    shard_size: shardSize,
    ...(overrides.length === 0
      ? {}
      : {
          // In their order: the first that matches wins.
          overrides: overrides.map((one) => ({
            shard_size: one.shardSize,
            tenants: one.tenants,
            tenant_matcher_type: one.matcher,
          })),
        }),
  };
}
