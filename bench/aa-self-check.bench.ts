/**
 * The harness checks itself: the same code twice must show no difference (A/A), and code that
 * does twice the work must show half the speed. Not for: any claim about Ringmaster.
 */
import type { BenchContender, BenchRow } from './harness/row.ts';

const ROUNDS = 100_000;

function spin(repeats: number): BenchContender {
  return {
    prepare: () => ({
      opsPerCall: ROUNDS,
      call: () => {
        let state = 42;
        for (let round = 0; round < ROUNDS * repeats; round++)
          state = Math.imul(state ^ round, 0x9e3779b1);
        return state;
      },
    }),
  };
}

export const rows: readonly BenchRow[] = [
  {
    id: 'AA',
    name: 'the same work twice, and twice the work',
    unit: 'ns/op',
    ours: spin(1),
    peers: { same: spin(1), double: spin(2) },
    target: { ratioAtLeast: { same: 0.9, double: 1.8 } },
  },
];
