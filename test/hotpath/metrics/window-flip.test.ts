/**
 * The handshake over a window, against a model of who owns which buffer, from any epoch.
 * One thread: what several may see of each other's stores is the model checker's business.
 */
import { fc, test as propertyTest } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import { SharedMem } from '../../../src/hotpath/mem.ts';
import { FLIP_BYTES } from '../../../src/hotpath/metrics/shard-layout.ts';
import {
  startWindowFlip,
  WindowFlipReader,
  WindowFlipWriter,
} from '../../../src/hotpath/metrics/window-flip.ts';

function flipAt(epoch: number) {
  const mem = new SharedMem(new SharedArrayBuffer(FLIP_BYTES));
  startWindowFlip(mem, epoch);
  return { mem, writer: new WindowFlipWriter(mem), reader: new WindowFlipReader(mem) };
}

const EPOCHS = fc.oneof(
  fc.constantFrom(0, -1, 2_147_483_645, 2_147_483_647, -2_147_483_648),
  fc.integer(),
);

describe('window flip', () => {
  // Guards: HOT-10 HOT-11
  propertyTest.prop([EPOCHS, fc.array(fc.constantFrom('flip', 'acquire', 'release'))])(
    'flip - any order of calls from any epoch keeps one owner per buffer',
    (epoch, calls) => {
      const { writer, reader } = flipAt(epoch);
      // The model: which buffer is open, and which one is closed and not yet given back.
      let open = epoch & 1;
      let closed: number | undefined;
      let held = false;
      for (const call of calls) {
        if (call === 'flip') {
          expect(writer.tryFlip()).toBe(closed === undefined);
          if (closed === undefined) {
            closed = open;
            open ^= 1;
          }
        } else if (call === 'acquire') {
          expect(reader.acquire()).toBe(closed);
          held = closed !== undefined;
        } else if (held) {
          reader.release();
          closed = undefined;
          held = false;
        } else {
          expect(() => reader.release()).toThrow('RM_METRICS_STATE');
        }
        expect(writer.open).toBe(open);
        expect(closed).not.toBe(open);
      }
    },
  );

  // Guards: HOT-10
  test('flip - a successor of the reader gets the window that was held', () => {
    const { mem, writer, reader } = flipAt(7);
    expect(writer.tryFlip()).toBe(true);
    expect(reader.acquire()).toBe(1);
    const successor = new WindowFlipReader(mem);
    expect(() => successor.release()).toThrow('RM_METRICS_STATE');
    expect(successor.acquire()).toBe(1);
    successor.release();
    expect(writer.tryFlip()).toBe(true);
    expect(successor.acquire()).toBe(0);
  });

  // Guards: HOT-10
  test('flip - the epoch wraps without losing the parity of buffers', () => {
    const { writer, reader } = flipAt(2_147_483_646);
    const seen: (number | undefined)[] = [];
    for (let i = 0; i < 4; i += 1) {
      writer.tryFlip();
      seen.push(reader.acquire());
      reader.release();
    }
    expect(seen).toEqual([0, 1, 0, 1]);
  });
});
