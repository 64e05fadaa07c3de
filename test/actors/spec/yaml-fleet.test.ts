/** Fleets from YAML: places of problems, and texts that are made to hurt. */
import { fc, test as property } from '@fast-check/vitest';
import {
  FLEET_TEXT_MAX,
  type FleetReading,
  problemsText,
  readFleetYaml,
} from 'ringmaster/control-plane';
import { describe, expect, test } from 'vitest';

const GOOD = `apiVersion: ringmaster/v1
kind: Fleet
name: shop
regions: [{ name: eu, zones: [a, b, c] }]
services:
  receiver:
    kind: sharded
    command: [node, receiver.js]
    shards: 4
    rollout: { strategy: zones, analysis: [{ metric: error_ratio, max: 1% }, { metric: p99, max: 50ms }] }
`;

function problems(reading: FleetReading): string {
  return reading.ok ? '' : problemsText(reading.problems, 'shop.yaml');
}

describe('fleet in YAML', () => {
  test('fleet in YAML - is read as the same data', () => {
    const reading = readFleetYaml(GOOD);
    expect(problems(reading)).toBe('');
    expect(reading).toMatchObject({
      ok: true,
      fleet: { services: { receiver: { rollout: { analysis: [{ max: 0.01 }, { max: 50 }] } } } },
    });
  });

  test('fleet in YAML - each problem has its line and column', () => {
    const bad = GOOD.replace('shards: 4', 'shrads: 4').replace('max: 1%', 'max: 3');
    expect(problems(readFleetYaml(bad))).toBe(
      'shop.yaml:9:5: services.receiver.shrads: is no known key; did you mean shards?',
    );
    const meant = GOOD.replace('max: 1%', 'max: 3').replace('[a, b, c]', '[a]');
    expect(problems(readFleetYaml(meant)).split('\n')).toEqual([
      expect.stringMatching(
        /^shop\.yaml:10:67: services\.receiver\.rollout\.analysis\[0\]\.max: is 3/,
      ),
      // It is not written there: the nearest thing that is.
      expect.stringMatching(/^shop\.yaml:6:3: services\.receiver\.budget\.minAvailable: /),
    ]);
  });

  const laughs = Array.from({ length: 9 }, (_, i) =>
    i === 0
      ? 'a0: &a0 [x, x, x, x, x, x, x, x, x, x]'
      : `a${i}: &a${i} [${Array.from({ length: 10 }, () => `*a${i - 1}`).join(', ')}]`,
  ).join('\n');
  const hostile: readonly (readonly [string, string, string])[] = [
    ['nothing', '', 'got null; expected a fleet'],
    ['a bomb of aliases', laughs, 'shop.yaml:2:10: Excessive alias count'],
    ['an alias of nothing', `${GOOD}x: *y`, 'shop.yaml:11:4: Unresolved alias'],
    ['duplicate keys', `${GOOD}name: again\n`, 'Map keys must be unique'],
    ['an open bracket', `${GOOD}x: [`, 'Flow sequence'],
    ['ten thousand brackets', `x: ${'['.repeat(10_000)}`, 'nests more than 100 levels'],
    ['ten thousand dashes', `${'- '.repeat(10_000)}x`, 'nests more than 100 levels'],
    [
      'a stair of a thousand steps',
      Array.from({ length: 1200 }, (_, i) => `${' '.repeat(i)}a:`).join('\n'),
      'nests more than 100 levels',
    ],
    ['ten megabytes', `x: ${'y'.repeat(10_000_000)}`, `expected at most ${FLEET_TEXT_MAX}`],
    ['a tag', `${GOOD}x: !!js/function 'x'`, 'Unresolved tag'],
    ['two documents', `${GOOD}---\n${GOOD}`, 'multiple documents'],
    ['another version', GOOD.replace('/v1', '/v9'), 'reads ringmaster/v1'],
    ['a key that is a list', `${GOOD}? [a, b]\n: c`, 'keys must be strings'],
    ['a key of the prototype', `${GOOD}__proto__: { polluted: true }`, 'is no known key'],
    ['bytes of zero', `\u0000${GOOD}`, 'shop.yaml:1'],
  ];
  test.each(hostile)('fleet in YAML - %s is refused in words', (_name, text, expected) => {
    const reading = readFleetYaml(text);
    expect(problems(reading)).toContain(expected);
    expect(problems(reading).split('\n').length).toBeLessThan(60);
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });

  property.prop([fc.nat({ max: GOOD.length - 1 }), fc.string({ unit: 'grapheme', maxLength: 4 })])(
    'fleet in YAML - any text put in anywhere is read or refused with a place',
    (at, text) => {
      const reading = readFleetYaml(GOOD.slice(0, at) + text + GOOD.slice(at));
      if (!reading.ok) expect(reading.problems.every(({ line }) => line !== null)).toBe(true);
    },
  );
});
