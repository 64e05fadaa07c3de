/**
 * B13, an offloaded function that does nothing, one and 64 under way, against piscina alone, which
 * the offload pool is made of: as it comes, and with as many threads as ours, one fewer than there
 * are cores. Answers: what does our wrapping cost? Checksum: mean of the answers.
 */
import { availableParallelism } from 'node:os';
import type { BenchContender, BenchRow } from './harness/row.ts';
import { withSystem } from './harness/with-system.ts';

const WORK = new URL('./actors/offload-work.js', import.meta.url);

async function lanes(count: number, each: number, run: () => Promise<unknown>): Promise<number> {
  let sum = 0;
  const lane = async (): Promise<void> => {
    for (let index = 0; index < each; index++) {
      // Two steps: others add to the sum while this one waits.
      const answer = Number(await run());
      sum += answer;
    }
  };
  await Promise.all(Array.from({ length: count }, lane));
  return sum / (count * each);
}

const each = (inFlight: number, quick: boolean): number =>
  Math.ceil((quick ? 640 : 2560) / inFlight);

function offload(inFlight: number): BenchContender {
  return withSystem({ threads: 0 }, async (system, quick) => {
    const n = each(inFlight, quick);
    return {
      opsPerCall: n * inFlight,
      call: () => lanes(inFlight, n, () => system.offload(WORK, 'nothing', 2)),
    };
  });
}

/** `threads`: at most so many; null: as piscina has it, half as many again as there are cores. */
function piscina(inFlight: number, threads: number | null): BenchContender {
  return {
    prepare: async ({ quick }) => {
      const { Piscina } = await import('piscina');
      const pool = new Piscina({
        filename: WORK.href,
        ...(threads === null ? {} : { minThreads: 0, maxThreads: threads }),
      });
      const n = each(inFlight, quick);
      return {
        opsPerCall: n * inFlight,
        call: () => lanes(inFlight, n, () => pool.run(2, { name: 'nothing' })),
        close: () => pool.destroy(),
      };
    },
  };
}

export const rows: readonly BenchRow[] = [1, 64].map((inFlight) => ({
  id: 'B13',
  name: `offloaded no-op, ${inFlight} in flight`,
  unit: 'k ops/s',
  ours: offload(inFlight),
  peers: {
    piscina: piscina(inFlight, null),
    'piscina with as many threads': piscina(inFlight, Math.max(1, availableParallelism() - 1)),
  },
  target: { ratioAtLeast: { piscina: 0.8, 'piscina with as many threads': 0.8 } },
  sameWork: true,
}));
