/** Corners of Prometheus text and OpenMetrics as programs of all languages write them. */
import { ExpositionReader } from 'ringmaster/drivers';
import { describe, expect, test } from 'vitest';

const read = (names: readonly string[], text: string) =>
  new ExpositionReader(names).read(new TextEncoder().encode(text));
const one = (name: string, text: string) => {
  const { metrics, malformed } = read([name], text);
  expect(malformed, text).toBe(0);
  return metrics[0];
};
const kindOf = (name: string, text: string) => one(name, text)?.kind;
const sumOf = (name: string, text: string) => one(name, text)?.sum;

describe('lines', () => {
  test('edges - blanks may stand wherever a token ends', () => {
    expect(sumOf('a', 'a {x="1"} 1\na\t{ x = "1" , }\t2\na {} 3\n\ta{x="1"}4\n')).toBe(10);
  });

  test('edges - Windows ends its lines in its own way, comments too', () => {
    const text =
      '# HELP a \r\n# TYPE a counter\r\na{x="1"} 1\r\na{x="2"} 2 1700000000000\r\n# EOF\r\n';
    expect(one('a', text)).toEqual({ name: 'a', kind: 'counter', sum: 3, series: 2 });
  });

  test('edges - the last line needs no end, whatever it is', () => {
    for (const last of [
      'a 2',
      'a{x="}"} 2',
      'a 2 17',
      'a 2 # {id="7"} 1 1',
      'a 2\r',
      'a 2\n\n\n',
    ]) {
      expect(sumOf('a', `a{y="1"} 1\n${last}`), last).toBe(3);
    }
    expect(sumOf('a', 'a 3\n# EOF')).toBe(3);
    expect(kindOf('a', 'a 3\n# TYPE a counter')).toBe('counter');
  });

  test('edges - a line of a megabyte is a line', () => {
    const long = 'y\\"}{'.repeat(200_000);
    expect(sumOf('a', `a{x="${long}"} 1\n# HELP a ${long}\nb{x="${long}"} 9\na 2\n`)).toBe(3);
  });

  test('edges - families may come in pieces, their type before, between or after', () => {
    const text =
      'a{x="1"} 1\nb 5\n# TYPE a counter\na{x="2"} 2\n# TYPE b counter\nb{x="1"} 6\na 3\n';
    expect(read(['a', 'b'], text).metrics).toEqual([
      { name: 'a', kind: 'counter', sum: 6, series: 3 },
      { name: 'b', kind: 'counter', sum: 11, series: 2 },
    ]);
  });

  test('edges - help without a word, comments that only look like something', () => {
    const text = '#\n# \n# HELP\n# HELP a\n# TYPE\n# TYPE a\n# TYPEa counter\n#a 7\n# a 8\na 1\n';
    expect(one('a', text)).toEqual({ name: 'a', kind: 'gauge', sum: 1, series: 1 });
  });
});

describe('values', () => {
  test('edges - numbers as Go, Java, Python and Rust write them', () => {
    const numbers: readonly (readonly [string, number])[] = [
      ['1e+06', 1e6],
      ['1.7976931348623157e+308', Number.MAX_VALUE],
      ['4.9E-324', Number.MIN_VALUE],
      ['1.0E7', 1e7],
      ['5e-05', 5e-5],
      ['00', 0],
      ['+1', 1],
      ['9007199254740993', 9_007_199_254_740_992],
      ['18446744073709551615', 2 ** 64],
      ['0.30000000000000004', 0.1 + 0.2],
      ['Infinity', Number.POSITIVE_INFINITY],
      ['-Infinity', Number.NEGATIVE_INFINITY],
      ['+Inf', Number.POSITIVE_INFINITY],
      ['NaN', Number.NaN],
      ['nan', Number.NaN],
    ];
    for (const [text, value] of numbers) expect(sumOf('a', `a ${text}\n`), text).toBe(value);
  });

  test('edges - minus nothing is nothing', () => {
    expect(Object.is(sumOf('a', 'a -0\n'), 0)).toBe(true);
    expect(Object.is(sumOf('a', 'a -0.0\na{x="1"} -0\n'), 0)).toBe(true);
  });
});

describe('OpenMetrics', () => {
  test('edges - what belongs to a family is no sample of it', () => {
    const text = [
      '# HELP hits of people\\nand "others" \\\\',
      '# TYPE hits counter',
      '# UNIT hits ',
      'hits_total{p="/"} 7 # {trace_id="a}b\\"c"} 0.5 1700000000.123',
      'hits_created{p="/"} 1.7e9',
      '# TYPE took_seconds histogram',
      'took_seconds_bucket{le="0.1"} 2 # {} 0.05',
      'took_seconds_bucket{le="+Inf"} 3',
      'took_seconds_count 3',
      'took_seconds_sum 1.5',
      'took_seconds_created 1.7e9',
      '# TYPE queue gaugehistogram',
      'queue_gcount 4',
      '# TYPE build info',
      'build_info{v="1"} 1',
      '# TYPE mode stateset',
      'mode{mode="a"} 1',
      '# TYPE what unknown',
      'what 5',
      '# EOF',
    ].join('\n');
    const names =
      'hits_total took_seconds_count took_seconds_sum queue_gcount build_info mode what';
    expect(read(names.split(' '), text).metrics).toEqual([
      { name: 'hits_total', kind: 'counter', sum: 7, series: 1 },
      { name: 'took_seconds_count', kind: 'counter', sum: 3, series: 1 },
      { name: 'took_seconds_sum', kind: 'counter', sum: 1.5, series: 1 },
      { name: 'queue_gcount', kind: 'gauge', sum: 4, series: 1 },
      { name: 'build_info', kind: 'gauge', sum: 1, series: 1 },
      { name: 'mode', kind: 'gauge', sum: 1, series: 1 },
      { name: 'what', kind: 'gauge', sum: 5, series: 1 },
    ]);
  });
});

describe('names in quotes', () => {
  test('edges - their type stands in quotes as well, with escapes and any letters', () => {
    expect(kindOf('http.size', '# TYPE "http.size" counter\n{"http.size"} 1\n')).toBe('counter');
    expect(kindOf('größe', '# TYPE "größe" counter\n{"größe"} 1\n')).toBe('counter');
    expect(kindOf('größe', '# TYPE größe counter\n{"größe"} 1\n')).toBe('counter');
    expect(kindOf('a b', '# TYPE "a b" counter\n{"a b",x="1"} 1\n')).toBe('counter');
    expect(kindOf('a"\\\nb', '# TYPE "a\\"\\\\\\nb" counter\n{"a\\"\\\\\\nb"} 1\n')).toBe(
      'counter',
    );
    expect(kindOf('x.y_total', '# TYPE "x.y" counter\n{"x.y_total"} 1\n')).toBe('counter');
    expect(kindOf('x.y', '# TYPE "x.y\n{"x.y"} 1\n')).toBe('gauge');
  });

  test('edges - labels in quotes are labels', () => {
    expect(sumOf('a', 'a{"b.c"="}"} 1\n{"a","b.c"="x"} 2\n{"a",} 3\n')).toBe(6);
  });
});
