/**
 * B18, what a sample of Prometheus remote write costs from the bytes of a request to a sum without pods.
 * In one thread against what one would put together from npm, which looks at no time, refuses nothing and
 * may be merged by an attacker; by HTTP against VictoriaMetrics and Prometheus, per second of the server's
 * processor time. Both persist what they get and answer queries about it: they do more.
 * Does not answer: other shapes of labels, many samples a series, a network. Checksum: samples taken.
 */
import { RequestDecoder, RequestMemory, SECRET_BYTES, SeriesShard } from 'ringmaster/hotpath';
import { uncompress } from 'snappyjs';
import type { BenchContender, BenchRow } from './harness/row.ts';
import { bodiesOf, REQUEST_SERIES, WriteRequest } from './remote-write/bodies.ts';
import { overHttp } from './remote-write/over-http.ts';

const TIMES = 4;
const seriesOf = (quick: boolean): number => (quick ? 400 : 20_000);

function ours(use: 'wasm' | 'plain'): BenchContender {
  return {
    prepare: ({ quick }) => {
      const series = seriesOf(quick);
      const bodies = bodiesOf(series, TIMES);
      const memory = RequestMemory.create({
        limits: {
          bodyBytesMax: 4 * 2 ** 20,
          requestBytesMax: 16 * 2 ** 20,
          seriesMax: 65_536,
          samplesMax: 262_144,
          labelsMax: 64,
        },
        slots: 1,
        // Any key does for a measurement; words of a generator would do as well.
        secret: new Uint8Array(SECRET_BYTES).map((_, i) => Math.imul(i + 1, 0x9e3779b1) >>> 24),
      });
      const [slot] = memory.slots;
      if (slot === undefined) throw new Error('no slot');
      const decoder = new RequestDecoder(memory, use);
      decoder.setTenant(slot, 'bench');
      const shard = new SeriesShard({
        inputsMax: 1_000_000,
        inputsPerTenantMax: 1_000_000,
        inputsPerMetricMax: 1_000_000,
        nameBytesMax: 2 ** 28,
        rules: [{ metric: null, labels: ['pod', 'instance'] }],
        forgetAfterMs: 900_000,
        gaugeStaleMs: 300_000,
      });
      const rewind = rewinder(shard);
      return {
        opsPerCall: series * TIMES,
        call: () => {
          let accepted = 0;
          rewind();
          for (const body of bodies) {
            slot.body.set(body);
            const decoding = decoder.decode(slot, body.length);
            if (decoding.kind === 'refused') throw new Error(decoding.fault);
            accepted += shard.take(slot, 'bench', 0, 0).accepted;
          }
          return accepted;
        },
      };
    },
  };
}

/** Bodies cannot be made anew for each call, and what was taken once is a duplicate: time begins again. */
function rewinder(shard: SeriesShard): () => void {
  const inputs = Reflect.get(shard, 'inputs') as { readonly times: Float64Array };
  return () => void inputs.times.fill(Number.NEGATIVE_INFINITY);
}

/** Decodes into objects, and adds up in Maps by text. */
const libraries: BenchContender = {
  prepare: ({ quick }) => {
    const series = seriesOf(quick);
    const bodies = bodiesOf(series, TIMES);
    const lasts = new Map<string, number>();
    const sums = new Map<string, number>();
    type Decoded = {
      readonly timeseries: readonly {
        readonly labels: readonly { readonly name: string; readonly value: string }[];
        readonly samples: readonly { readonly value: number }[];
      }[];
    };
    return {
      opsPerCall: series * TIMES,
      call: () => {
        let accepted = 0;
        for (const body of bodies) {
          const { timeseries } = WriteRequest.decode(uncompress(body)) as unknown as Decoded;
          for (const { labels, samples } of timeseries) {
            let [input, sum] = ['', ''];
            for (const { name, value } of labels) {
              input += `${name}\u0000${value}\u0000`;
              if (name !== 'pod' && name !== 'instance') sum += `${name}\u0000${value}\u0000`;
            }
            for (const { value } of samples) {
              const last = lasts.get(input) ?? value;
              const increase = value < last ? value : value - last;
              lasts.set(input, value);
              sums.set(sum, (sums.get(sum) ?? 0) + increase);
              accepted += 1;
            }
          }
        }
        return accepted;
      },
    };
  },
};

const LIBRARIES = 'protobufjs, snappyjs and Maps';

export const rows: readonly BenchRow[] = [
  {
    id: 'B18',
    name: `bytes to sums, one thread, 20,000 series, requests of ${REQUEST_SERIES}`,
    unit: 'M ops/s',
    ours: ours('wasm'),
    peers: { [LIBRARIES]: libraries, 'plain TypeScript decoder': ours('plain') },
    target: { ratioAtLeast: { [LIBRARIES]: 25 } },
    sameWork: true,
    warmupMs: 1000,
  },
  {
    id: 'B18',
    name: 'by HTTP, per second of processor time of the server',
    unit: 'M ops/s',
    ours: overHttp('ours'),
    peers: {
      'VictoriaMetrics, which also persists': overHttp('victoria-metrics'),
      'Prometheus, which also persists': overHttp('prometheus'),
    },
    target: { ratioAtLeast: { 'VictoriaMetrics, which also persists': 10 } },
    sameWork: true,
    warmupMs: 3000,
  },
];
