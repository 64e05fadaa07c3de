/** Tables that remember when a row changed, and readers of any slowness: all know the same in the end. */
import { fc, test as property } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import {
  type ActorFrame,
  decodeColumns,
  encodeColumns,
} from '../../src/inspector/protocol/columns.ts';
import type { Changed } from '../../src/inspector/protocol/schema.ts';
import { ActorsTopic } from '../../src/inspector/topics/actors-topic.ts';
import { KeyedTopic } from '../../src/inspector/topics/keyed-topic.ts';
import type { Sweep, Topic } from '../../src/inspector/topics/topic.ts';
import { SeatMemory } from '../../src/runtime/host/seat-memory.ts';
import { systemClock } from '../../src/runtime/ports/system-clock.ts';
import { Seen } from './client.ts';

/** A reader that takes one part at a time. */
class Reader {
  readonly seen = new Seen();
  private readonly sweep: Sweep = { from: 0, to: 0, cursor: 0 };
  private isUnderWay = false;
  private frames = 0;

  take(topic: Topic, bytes: number): void {
    const { sweep } = this;
    if (!this.isUnderWay) {
      if (sweep.from < topic.floor) sweep.from = 0;
      sweep.to = topic.last;
      sweep.cursor = 0;
    }
    const { data, cursor } = topic.read(sweep, { sub: 1, frame: ++this.frames }, bytes);
    const frame =
      typeof data === 'string'
        ? (JSON.parse(data) as Changed)
        : decodeColumns(data.buffer as ArrayBuffer);
    this.seen.take(frame);
    this.isUnderWay = cursor !== null;
    if (cursor === null) sweep.from = sweep.to;
    else sweep.cursor = cursor;
  }

  /** Until it knows all. */
  catchUp(topic: Topic): void {
    do this.take(topic, 100);
    while (this.isUnderWay);
    do this.take(topic, 100);
    while (this.isUnderWay);
  }
}

describe('keyed topic', () => {
  const KEYS = ['a', 'b', 'c', '__proto__', '"', '\u2028'];
  const step = fc.oneof(
    fc.record({ key: fc.constantFrom(...KEYS), value: fc.integer({ min: 0, max: 3 }) }),
    fc.record({ gone: fc.constantFrom(...KEYS) }),
    fc.record({ reader: fc.nat(2), bytes: fc.integer({ min: 1, max: 40 }) }),
  );

  property.prop([fc.array(step, { maxLength: 80 })])(
    'keyed topic - whoever reads in parts of any size at any time knows the table in the end',
    (steps) => {
      const topic = new KeyedTopic(4);
      const table = new Map<string, number>();
      const readers = [new Reader(), new Reader(), new Reader()];
      for (const one of steps) {
        if ('key' in one) {
          topic.set(one.key, one.value);
          table.set(one.key, one.value);
          const [oldest] = table.keys();
          if (table.size > 4) table.delete(oldest as string);
        } else if ('gone' in one) {
          topic.remove(one.gone);
          table.delete(one.gone);
        } else (readers[one.reader] as Reader).take(topic, one.bytes);
      }
      for (const reader of readers) {
        reader.catchUp(topic);
        // The key __proto__ is an object's prototype in JavaScript; JSON.parse makes it a key.
        expect(new Map([...reader.seen.rows])).toEqual(table);
      }
    },
  );

  test('keyed topic - a row that is set to what it is has not changed', () => {
    const topic = new KeyedTopic(4);
    topic.set('a', { x: 1 });
    const before = topic.last;
    topic.set('a', { x: 1 });
    topic.remove('b');
    expect(topic.last).toBe(before);
  });

  test('keyed topic - a reader behind more removals than are remembered gets a snapshot', () => {
    const topic = new KeyedTopic(10);
    topic.set('stays', 1);
    const reader = new Reader();
    reader.catchUp(topic);
    for (let i = 0; i < 5000; i++) {
      topic.set(`k${i}`, i);
      topic.remove(`k${i}`);
    }
    reader.take(topic, 1000);
    expect(reader.seen.ranges.at(-1)?.[0]).toBe(0);
    expect(reader.seen.rows).toEqual(new Map([['stays', 1]]));
  });
});

describe('actors topic', () => {
  const PLACES = 8;
  const step = fc.oneof(
    fc.record({ named: fc.nat(PLACES - 1), seat: fc.nat(1) }),
    fc.record({ gone: fc.nat(PLACES - 1) }),
    fc.record({ worked: fc.nat(PLACES - 1), depth: fc.nat(5) }),
    fc.record({ sits: fc.nat(1) }),
    fc.record({ reader: fc.nat(1), bytes: fc.integer({ min: 1, max: 200 }) }),
  );

  property.prop([fc.array(step, { maxLength: 100 })])(
    'actors topic - whoever reads in parts of any size at any time knows all names and figures',
    (steps) => {
      const topic = new ActorsTopic();
      const memories = [SeatMemory.create(PLACES), SeatMemory.create(PLACES)];
      for (const [seat, memory] of memories.entries()) topic.sits(seat, memory.buffer, PLACES);
      const at = new Map<number, { seat: number; generation: number }>();
      const readers = [new Reader(), new Reader()];
      let generations = 0;
      const unname = (place: number): void => {
        at.delete(place);
        topic.unnamed(`/p${place}`);
      };
      for (const one of steps) {
        if ('named' in one) {
          const generation = ++generations;
          (memories[one.seat] as SeatMemory).reset(one.named, generation, 0);
          at.set(one.named, { seat: one.seat, generation });
          topic.named(`/p${one.named}`, one.seat, one.named, generation);
        } else if ('gone' in one) unname(one.gone);
        else if ('worked' in one) {
          const seat = at.get(one.worked)?.seat;
          if (seat !== undefined) (memories[seat] as SeatMemory).turned(one.worked, 1, one.depth);
        } else if ('sits' in one) {
          // As the directory tells it: whoever was there is unnamed first.
          for (const [place, { seat }] of at) if (seat === one.sits) unname(place);
          const memory = SeatMemory.create(PLACES);
          memories[one.sits] = memory;
          topic.sits(one.sits, memory.buffer, PLACES);
        } else {
          topic.look();
          (readers[one.reader] as Reader).take(topic, one.bytes);
        }
      }
      topic.look();
      for (const reader of readers) {
        reader.catchUp(topic);
        const seen = [...reader.seen.actors.values()].map(({ path, thread, handled, depth }) => ({
          path,
          thread,
          handled,
          depth,
        }));
        const are = [...at].map(([place, { seat }]) => {
          const { handled, depth } = (memories[seat] as SeatMemory).figuresOf(place);
          return { path: `/p${place}`, thread: seat, handled, depth };
        });
        const byPath = (a: { path: string }, b: { path: string }): number =>
          a.path < b.path ? -1 : 1;
        expect(seen.sort(byPath)).toEqual(are.sort(byPath));
      }
    },
  );

  test('actors topic - when all is forgotten, whoever knew it gets a snapshot', () => {
    const topic = new ActorsTopic();
    const memory = SeatMemory.create(2);
    topic.sits(0, memory.buffer, 2);
    topic.named('/a', 0, 0, 1);
    topic.look();
    const reader = new Reader();
    reader.catchUp(topic);
    expect(reader.seen.actor('/a')).toBeDefined();
    topic.forget();
    topic.look();
    reader.catchUp(topic);
    expect(reader.seen.actors.size).toBe(0);
  });

  property.prop([
    fc.array(fc.record({ worked: fc.nat(5), depth: fc.nat(3), isGone: fc.boolean() }), {
      maxLength: 40,
    }),
    fc.integer({ min: 1, max: 10 }),
    fc.constantFrom('path', 'depth', 'handled', 'restarts', 'waitUs' as const),
    fc.constantFrom('', '1', 'none'),
  ])(
    'actors topic - the first of an order are those of all, sorted',
    (all, limit, order, contains) => {
      const topic = new ActorsTopic();
      const memory = SeatMemory.create(64);
      topic.sits(3, memory.buffer, 64);
      const are = all.map(({ worked, depth, isGone }, i) => {
        memory.reset(i, 1, 0);
        topic.named(`/p${i}`, 3, i, 1);
        memory.turned(i, worked, depth);
        if (worked > 2) memory.waited(i, 10 * depth);
        if (isGone) topic.unnamed(`/p${i}`);
        const waitUs = worked > 2 ? 10 * depth : null;
        return { path: `/p${i}`, thread: 3, handled: worked, depth, restarts: 0, waitUs, isGone };
      });
      topic.look();
      const left = are.filter(({ isGone }) => !isGone).map(({ isGone: _, ...actor }) => actor);
      const matching = left.filter(({ path }) => path.includes(contains));
      const rank = (actor: (typeof left)[number]): number =>
        order === 'path' ? 0 : (actor[order] ?? -1);
      const sorted = matching.toSorted((a, b) => rank(b) - rank(a) || (a.path < b.path ? -1 : 1));
      expect(topic.list({ contains, order, limit })).toEqual({
        actors: sorted.slice(0, limit),
        matching: matching.length,
        all: left.length,
      });
    },
  );

  test('actors topic - an age is told as of the frame, of the present incarnation', () => {
    const topic = new ActorsTopic();
    const memory = SeatMemory.create(2);
    topic.sits(0, memory.buffer, 2);
    const nowMs = systemClock.monotonicMs();
    const tellAge = (): number => {
      topic.look();
      const { data } = topic.read(
        { from: 0, to: topic.last, cursor: 0 },
        { sub: 1, frame: 1 },
        1000,
      );
      const { buffer } = data as Uint8Array<ArrayBuffer>;
      return decodeColumns(buffer).changed.age[0] as number;
    };
    memory.reset(0, 1, nowMs - 3_600_000);
    topic.named('/a', 0, 0, 1);
    expect(tellAge()).toBeGreaterThanOrEqual(36_000);
    memory.restarted(0, nowMs - 60_000);
    const young = tellAge();
    expect(young).toBeGreaterThanOrEqual(600);
    expect(young).toBeLessThan(36_000);
  });

  test('actors topic - who asks before all names were told waits for them', async () => {
    const topic = new ActorsTopic();
    let isKnown = false;
    const known = topic.known().then(() => {
      isKnown = true;
    });
    await Promise.resolve();
    expect(isKnown).toBe(false);
    topic.toldAll();
    await known;
    await topic.known();
    topic.forget();
    void topic.known().then(() => {
      isKnown = false;
    });
    await Promise.resolve();
    expect(isKnown).toBe(true);
  });
});

describe('columns', () => {
  const words = (length: number) =>
    fc
      .array(fc.integer({ min: 0, max: 2 ** 32 - 1 }), { minLength: length, maxLength: length })
      .map((list) => Uint32Array.from(list));
  const floats = (length: number) =>
    fc
      .array(fc.double(), { minLength: length, maxLength: length })
      .map((list) => Float64Array.from(list));
  const drawn = fc.tuple(fc.nat(3), fc.nat(3), fc.nat(3)).chain(([g, n, c]) =>
    fc.record({
      sub: fc.nat(),
      frame: fc.nat(),
      from: fc.nat(),
      to: fc.nat(),
      isFirst: fc.boolean(),
      isLast: fc.boolean(),
      gone: words(g),
      named: fc.record({
        row: words(n),
        thread: words(n),
        end: words(n),
        paths: fc.string({ unit: 'grapheme' }),
      }),
      changed: fc.record({
        row: words(c),
        handled: floats(c),
        depth: words(c),
        restarts: words(c),
        age: words(c),
        waitUs: floats(c).map((list) => Float32Array.from(list)),
      }),
    }),
  );

  property.prop([drawn])('columns - what is decoded is what was encoded', (frame) => {
    const bytes = encodeColumns(frame as ActorFrame);
    expect(decodeColumns(bytes.buffer as ArrayBuffer)).toEqual(frame);
  });

  property.prop([drawn, fc.nat(), fc.boolean()])(
    'columns - what is cut off or longer is refused, not read beyond its end',
    (frame, at, isLonger) => {
      const bytes = encodeColumns(frame as ActorFrame);
      const other = isLonger ? new Uint8Array(bytes.length + 4) : bytes.slice(0, at % bytes.length);
      if (isLonger) other.set(bytes);
      expect(() => decodeColumns(other.buffer as ArrayBuffer)).toThrow(/no frame of columns/);
    },
  );

  test('columns - another beginning is refused', () => {
    expect(() => decodeColumns(new ArrayBuffer(48))).toThrow('another beginning');
  });
});
