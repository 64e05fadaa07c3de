/**
 * Made-up traffic of a canary and its baseline, block by block: shares that wander, together and each
 * by itself, instances that differ, and requests that fail by chance. Used by comparisons.ts.
 */
import type { ComparisonBlock, SideCounts } from 'ringmaster/control-plane';

/** What is drawn; shares are of 1, spreads are standard deviations of a share's logarithm. */
export type Traffic = {
  readonly requests: number;
  readonly errorShare: number;
  readonly slowShare: number;
  /** The canary's share of errors over the baseline's. */
  readonly ratio: number;
  /** Wandering of each side by itself, and of both together: AR(1). */
  readonly spread: number;
  readonly sharedSpread: number;
  /** From one instance to another, for the whole run; 0 instances: none. */
  readonly instanceSpread: number;
  readonly instances: number;
  /** Counts that wander instead of shares: all of the noise between blocks is AR(1). */
  readonly isAllCorrelated: boolean;
};

/** Draws from 0 to 1, 1 excluded. */
export type Draw = () => number;

const CORRELATION = 0.7;
const INNOVATION = Math.sqrt(1 - CORRELATION * CORRELATION);

/** Blocks without end; the same draws give the same ones. */
export function blocksOf(traffic: Traffic, draw: Draw): () => ComparisonBlock {
  const canary = side(traffic, traffic.ratio, draw);
  const baseline = side(traffic, 1, draw);
  const together = [wandering(draw), wandering(draw)];
  return () => {
    const [errors = 0, slow = 0] = together.map((next) => Math.exp(traffic.sharedSpread * next()));
    return { canary: canary(errors, slow), baseline: baseline(errors, slow) };
  };
}

/** One side; its errors and slow requests wander each for themselves. */
function side(traffic: Traffic, ratio: number, draw: Draw): (...by: number[]) => SideCounts {
  const { requests, spread, isAllCorrelated } = traffic;
  const shares = [traffic.errorShare * ratio, traffic.slowShare].map(
    (share) => share * groupEffect(traffic, draw),
  );
  const own = [wandering(draw), wandering(draw)];
  const count = (index: 0 | 1, by: number): number => {
    const share = shares[index] ?? 0;
    const drift = spread > 0 || isAllCorrelated ? (own[index]?.() ?? 0) : 0;
    if (!isAllCorrelated) {
      return binomial(requests, Math.min(1, share * by * Math.exp(spread * drift)), draw);
    }
    const bad = Math.round(requests * share + Math.sqrt(requests * share) * drift);
    return Math.max(0, Math.min(requests, bad));
  };
  return (errors = 1, slow = 1) => ({ requests, errors: count(0, errors), slow: count(1, slow) });
}

/** Mean of the instances' own factors. */
function groupEffect({ instances, instanceSpread }: Traffic, draw: Draw): number {
  if (instances === 0) return 1;
  let sum = 0;
  for (let instance = 0; instance < instances; instance++) {
    sum += Math.exp(instanceSpread * normal(draw));
  }
  return sum / instances;
}

/** AR(1) with variance 1, stationary from its first value. */
function wandering(draw: Draw): () => number {
  let value = normal(draw);
  return () => {
    const now = value;
    value = CORRELATION * value + INNOVATION * normal(draw);
    return now;
  };
}

function normal(draw: Draw): number {
  return Math.sqrt(-2 * Math.log(1 - draw())) * Math.cos(2 * Math.PI * draw());
}

/** Successes of `count` trials: by inversion, or as a normal number where they are many. */
function binomial(count: number, share: number, draw: Draw): number {
  if (share >= 1) return count;
  const mean = count * share;
  if (mean > 60) {
    const drawn = Math.round(mean + normal(draw) * Math.sqrt(mean * (1 - share)));
    return Math.max(0, Math.min(count, drawn));
  }
  let left = draw();
  let chance = Math.exp(count * Math.log1p(-share));
  let successes = 0;
  while (left > chance && successes < count) {
    left -= chance;
    successes++;
    chance *= ((share / (1 - share)) * (count - successes + 1)) / successes;
  }
  return successes;
}
