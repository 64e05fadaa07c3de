/**
 * What regions and their coordinator say to each other. A region reports again and again; each report
 * gets one answer, which may grant something. Messages may be lost, late, or overtake each other: every
 * answer names the report that it answers, and every report the newest answer that its region has had.
 * Lengths of time travel, moments do not: no two clocks are compared.
 */

/** One service of a region, in the units of its demand: instances, or shards. */
export type ServiceCapacity = {
  readonly name: string;
  /** What the arbiter has admitted. */
  readonly demand: number;
  /** Of it, what serves: what is lost by itself is lost here too. */
  readonly capacity: number;
  /** What is proposed now; the demand where nothing is. */
  readonly wanted: number;
  /** The most that was wanted in the last hour. */
  readonly peak: number;
};

/** What a region says of itself. */
export type RegionReport = {
  readonly region: string;
  /** Of its arbiter: grows with each one that leads. */
  readonly incarnation: number;
  /** Grows with each report of one incarnation, also when its actor began anew. */
  readonly sequence: number;
  /** The newest answer that it has had; null: none yet. */
  readonly echo: Echo | null;
  /** Reservations that it goes by. */
  readonly holds: readonly string[];
  readonly services: readonly ServiceCapacity[];
  /** Everything serves, and no invariant is violated. */
  readonly isHealthy: boolean;
  /** It would take up a change of policy. */
  readonly wantsWave: boolean;
};

/** An answer, as the region gives it back: it proves that a report was made after it. */
export type Echo = {
  readonly epoch: string;
  /** The report that was answered. */
  readonly sequence: number;
  /** The coordinator's clock then, which only the coordinator reads. */
  readonly ms: number;
};

/** What a region may do for a while. */
export type Grant = {
  /** Another one for each grant, over all coordinators. */
  readonly id: string;
  readonly kind: 'shrink' | 'wave';
  /** From the moment when the region made the report that is answered, by the region's clock. */
  readonly forMs: number;
  /** Of a shrink: how far down each service may go. Those that are not named stay. */
  readonly floors: Readonly<Record<string, number>>;
};

/** What the coordinator answers. */
export type CoordinatorAnswer = {
  readonly incarnation: number;
  readonly echo: Echo;
  readonly grants: readonly Grant[];
};
