/** Lists of keys: learnt per link, announced before use, bounded in number. And references. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { PayloadDecoder, PayloadEncoder } from '../../../src/runtime/codec/index.ts';
import { STRUCTURES_MAX } from '../../../src/runtime/codec/packed.ts';
import { codeOf } from '../../hotpath/error-code.ts';
import { CodecLink } from './link.ts';
import { NO_REFS } from './no-refs.ts';

describe('key lists', () => {
  test('codec - two links learn in different order and share nothing', () => {
    const one = new CodecLink();
    const other = new CodecLink();
    const [a, b] = [
      { t: 1, n: 2 },
      { x: 3, y: 4 },
    ];
    expect([one.send(a), one.send(b)]).toStrictEqual([a, b]);
    expect([other.send(b), other.send(a)]).toStrictEqual([b, a]);
    for (let round = 0; round < 10; round += 1) {
      expect([one.send(a), other.send(a), one.send(b), other.send(b)]).toStrictEqual([a, a, b, b]);
    }
  });

  test('codec - a list is announced once, before the payload that needs it', () => {
    const link = new CodecLink();
    link.send({ t: 1, n: 2 });
    link.send({ t: 3, n: 4 });
    expect(link.definitions).toHaveLength(1);
    link.send({ n: 4, t: 3 });
    expect(link.definitions).toHaveLength(2);
  });

  test('codec - an announcement that failed is made again with the next payload', () => {
    const decoder = new PayloadDecoder({ refs: NO_REFS });
    let isBroken = true;
    const encoder = new PayloadEncoder({
      announce: (definition) => {
        if (isBroken) throw new Error('control lane closed');
        decoder.learn(definition);
      },
      refs: NO_REFS,
      bytesMax: 1000,
    });
    expect(() => encoder.encode({ a: 1 })).toThrow('control lane closed');
    isBroken = false;
    const form = encoder.encode({ a: 1 });
    expect(decoder.decode(form, encoder.bytes, 0, encoder.length)).toStrictEqual({ a: 1 });
  });

  test('codec - a record of a list that was not learnt is corrupt', () => {
    const link = new CodecLink();
    const sent = link.encode({ a: { b: 1 } });
    expect(codeOf(() => new CodecLink().decode(sent))).toBe('RM_PAYLOAD_CORRUPT');
  });

  test('codec - announcements out of order or broken are corrupt', () => {
    const link = new CodecLink();
    link.send({ a: 1 });
    link.send({ b: 1 });
    const fresh = new PayloadDecoder({ refs: NO_REFS });
    expect(codeOf(() => fresh.learn(link.definitions[1] as Uint8Array))).toBe('RM_PAYLOAD_CORRUPT');
    for (const text of ['', '{}', '[0', '[0,[1]]', 'null', '[0,"a"]']) {
      expect(codeOf(() => fresh.learn(Buffer.from(text)))).toBe('RM_PAYLOAD_CORRUPT');
    }
  });

  test('codec - objects keyed by user ids travel, and announce a bounded number of lists', () => {
    const link = new CodecLink();
    const lists = STRUCTURES_MAX * 3;
    for (let user = 0; user < lists; user += 1) {
      const payload = { [`user-${user}`]: { visits: user } };
      expect(link.send(payload)).toStrictEqual(payload);
    }
    const announced = link.definitions.flatMap((bytes) =>
      (JSON.parse(Buffer.from(bytes).toString()) as unknown[]).slice(1),
    );
    expect(announced).toHaveLength(STRUCTURES_MAX);
    // Known lists go on as records, above and below the first 32, which take one byte.
    expect(link.encode({ visits: 1 }).bytes).toHaveLength(2);
    for (let round = 0; round < 5; round += 1) {
      const late = { late: round, list: [{ visits: round }] };
      expect(link.send(late)).toStrictEqual(late);
    }
  });

  test('codec - one payload with more lists than there are ids travels', () => {
    const payload = Array.from({ length: STRUCTURES_MAX + 50 }, (_, index) => ({
      [`k${index}`]: index,
    }));
    const link = new CodecLink();
    expect(link.send(payload)).toStrictEqual(payload);
    expect(link.send(payload)).toStrictEqual(payload);
  });

  test('codec - a large payload leaves no large memory behind', () => {
    const link = new CodecLink();
    const large = { text: 'x'.repeat(900_000), list: [1] };
    expect(link.send(large)).toStrictEqual(large);
    link.send('y'.repeat(100));
    expect(link.encoder.bytes.length).toBeLessThan(10_000);
    expect(link.send({ text: 'small', list: [2] })).toStrictEqual({ text: 'small', list: [2] });
  });
});

type Entry = { readonly node: { readonly import: string } };

describe('the packing library', () => {
  test('codec - its entries for writing and reading cannot load the native addon', async () => {
    const folder = fileURLToPath(new URL('../../../node_modules/msgpackr/', import.meta.url));
    const text = (path: string) => readFileSync(join(folder, path), 'utf8');
    const { exports } = JSON.parse(text('package.json')) as { exports: Record<string, Entry> };
    for (const entry of ['./pack', './unpack']) {
      const file = (exports[entry] as Entry).node.import;
      expect(text(file)).not.toContain('msgpackr-extract');
      expect(text(file)).not.toContain('createRequire');
    }
    const library = (await import('msgpackr/pack')) as { isNativeAccelerationEnabled?: boolean };
    expect(library.isNativeAccelerationEnabled).toBe(false);
  });
});

describe('references', () => {
  class Ref {
    readonly index: number;
    constructor(index: number) {
      this.index = index;
    }
  }
  const refs = {
    isRef: (value: object) => value instanceof Ref,
    write: (ref: object) => [(ref as Ref).index, 'cart'],
    read: (parts: readonly (number | string)[]) => {
      if (parts[1] !== 'cart') throw new Error('no such directory');
      return new Ref(parts[0] as number);
    },
  };

  test('codec - references travel by their parts and keep their identity', () => {
    const ref = new Ref(7);
    const got = new CodecLink(refs).send({ reply: ref, again: [ref] }) as {
      reply: Ref;
      again: Ref[];
    };
    expect(got.reply).toBeInstanceOf(Ref);
    expect(got.reply.index).toBe(7);
    expect(got.again[0]).toBe(got.reply);
    expect(new CodecLink(refs).send(ref)).toStrictEqual(ref);
  });

  test('codec - parts that the reader refuses are corrupt', () => {
    const sent = new CodecLink({ ...refs, write: () => [1, 'other'] }).encode([new Ref(1)]);
    expect(codeOf(() => new CodecLink(refs).decode(sent))).toBe('RM_PAYLOAD_CORRUPT');
  });
});
