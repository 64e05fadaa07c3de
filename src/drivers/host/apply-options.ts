/** What is said beside a fleet that is applied, and what comes of it. Plain data; see `FleetHost.apply`. */

/** What an apply came to, service by service, in the order of the fleet. */
export type AppliedService = {
  readonly service: string;
  /**
   * `same`: nothing of its instances changes; its knobs may have. `left`: the fleet no longer names it, and
   * it goes on; `removed`: it was named to go.
   */
  readonly outcome: 'new' | 'changed' | 'same' | 'left' | 'removed';
  readonly revision: string;
  readonly version: string;
};

/** What is said beside a fleet. */
export type ApplyOptions = {
  /** Says what would come of it. */
  readonly dryRun?: boolean;
  /** Tokens that a refusal has named. */
  readonly allow?: readonly string[];
  /** Services that the fleet no longer names, and that are to go. */
  readonly remove?: readonly string[];
};
