/**
 * The process that the store's torture kills: says what it finds in the store, then writes without
 * pause on a number of lanes and tells each acknowledgement. Every key belongs to one lane, whose
 * numbers grow. Lines: `have KEY NUMBER`, `ready REVISION EPOCH`, `ack KEY NUMBER REVISION`.
 */
import { openLmdbStore } from 'ringmaster/store';

const LANES = 32;
const KEYS_PER_LANE = 8;

const directory = process.argv[2] ?? '';
const first = Number(process.argv[3]);
const say = (line: string): void => void process.stdout.write(`${line}\n`);

const store = await openLmdbStore(directory, { limits: { historyTransactionsMax: 500 } });
let after: string | null = null;
let revision = 0;
do {
  const page = await store.list('', { after });
  for (const entry of page.entries) say(`have ${entry.key} ${numberOf(entry.value)}`);
  after = page.next;
  revision = page.revision;
} while (after !== null);
say(`ready ${revision} ${store.epoch}`);
await Promise.all(Array.from({ length: LANES }, (_, lane) => write(lane)));

async function write(lane: number): Promise<never> {
  for (let number = first; ; number++) {
    const key = `${lane}/${number % KEYS_PER_LANE}`;
    const value = new Uint8Array(8 + ((number * 37) % 600));
    new DataView(value.buffer).setFloat64(0, number);
    // Two keys in one transaction: both or none must be there.
    const twin = `twin/${key}`;
    const result = await store.transact({
      success: [
        { kind: 'put', key, value },
        { kind: 'put', key: twin, value },
      ],
    });
    say(`ack ${key} ${number} ${result.revision}`);
  }
}

function numberOf(value: Uint8Array): number {
  return new DataView(value.buffer, value.byteOffset).getFloat64(0);
}
