/**
 * That a kept name is a copy: a process whose heap is smaller than the payloads that its names
 * were cut out of. And that the copy is the same text.
 */
import { spawnSync } from 'node:child_process';
import { fc, test as propertyTest } from '@fast-check/vitest';
import { expect, test } from 'vitest';
import { SymbolTable } from '../../../src/hotpath/metrics/symbol-table.ts';

const HOTPATH = new URL('../../../dist/hotpath/index.js', import.meta.url).href;

/** 150 names out of payloads of 512 KiB each: 75 MiB if a name keeps its payload. */
const REGISTER = `
import { MetricShard, MetricWriter } from ${JSON.stringify(HOTPATH)};
const slab = new MetricWriter(MetricShard.create({ seriesMax: { tally: 200 } })).slab('tally');
for (let i = 0; i < 150; i += 1) {
  const name = 'host-number-' + i + '.example.org';
  const payload = Buffer.alloc(1 << 19, 'x').toString('latin1') + name;
  const host = payload.slice(-name.length);
  slab.register({ tenant: 't', metric: 'm', labels: [['instance', host]] });
}
process.stdout.write(slab.registry.describeInput(150).labels[0][1]);
`;

test('symbols - a name does not keep the payload alive that it was cut out of', () => {
  const flags = ['--max-old-space-size=32', '--input-type=module', '-e', REGISTER];
  const { stdout, status } = spawnSync(process.execPath, flags, { encoding: 'utf8' });
  expect([stdout, status]).toEqual(['host-number-149.example.org', 0]);
});

propertyTest.prop([fc.array(fc.string({ unit: 'grapheme', maxLength: 40 }))])(
  'symbols - a text has one number, and the number gives the text back',
  (texts) => {
    const table = new SymbolTable();
    const symbols = texts.map((text) => table.intern(text));
    expect(symbols.map((symbol) => table.text(symbol))).toEqual(texts);
    expect(texts.map((text) => table.find(text))).toEqual(symbols);
    expect(new Set(symbols).size).toBe(new Set(texts).size);
  },
);
