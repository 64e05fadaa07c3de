/** Tables that remember when a row changed, and readers of any slowness: all know the same in the end. */
import { fc, test as property } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import {
  type ActorFrame,
  decodeColumns,
  encodeColumns,
} from '../../src/inspector/protocol/columns.ts';
import type { Changed } from '../../src/inspector/protocol/schema.ts';
import { TOPICS } from '../../src/inspector/protocol/topics.ts';
import { ActorsTopic } from '../../src/inspector/topics/actors-topic.ts';
import { KeyedTopic } from '../../src/inspector/topics/keyed-topic.ts';
import { Pace } from '../../src/inspector/topics/pace.ts';
import type { Sweep, Topic } from '../../src/inspector/topics/topic.ts';
import { type ThreadReading, VitalSigns } from '../../src/inspector/topics/vital-signs.ts';
import { SeatMemory } from '../../src/runtime/host/seat-memory.ts';
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
          (memories[one.seat] as SeatMemory).reset(one.named, generation);
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

describe('pace', () => {
  test('pace - frames go when they are due, as often as was asked for', () => {
    const pace = new Pace(10, 0);
    const went: number[] = [];
    for (let ms = 0; ms < 1000; ms += 10) {
      if (pace.due(ms, 0) !== 'now') continue;
      pace.took(pace.next);
      pace.went();
      pace.took(pace.next - 1);
      went.push(ms);
    }
    expect(went).toEqual([0, 100, 200, 300, 400, 500, 600, 700, 800, 900]);
  });

  test('pace - whoever keeps up is told as often as was asked for, whatever that was', () => {
    for (let hz = 1; hz <= 30; hz++) {
      const pace = new Pace(hz, 0);
      expect(pace.rate).toBe(hz);
      let ms = 0;
      for (; pace.rate > 1; ms += 1000) pace.due(ms, 1e6);
      for (const until = ms + 60_000; ms < until; ms += 10) {
        if (pace.due(ms, 0) !== 'now') continue;
        pace.went();
        pace.took(pace.next - 1);
      }
      expect(pace.rate).toBe(hz);
    }
  });

  test('pace - looks that are coarser than its period make it no slower on the whole', () => {
    const pace = new Pace(30, 0);
    let frames = 0;
    for (let ms = 0; ms < 3000; ms += 30) {
      if (pace.due(ms, 0) !== 'now') continue;
      frames++;
      pace.went();
      pace.took(pace.next - 1);
    }
    expect(frames).toBe(90);
  });

  test('pace - who does not acknowledge is told less often, step by step, then hung up on', () => {
    const pace = new Pace(30, 0);
    const rates = [pace.rate];
    let over = -1;
    for (let ms = 0; ms < 60_000 && over < 0; ms += 10) {
      const due = pace.due(ms, 0);
      if (due === 'now') pace.went();
      if (due === 'over') over = ms;
      if (pace.rate !== rates.at(-1)) rates.push(pace.rate);
    }
    expect(rates).toEqual([30, 10, 5, 1]);
    expect(over).toBeGreaterThan(30_000);
    expect(over).toBeLessThan(31_000);
    expect(pace.next).toBe(3);
  });

  test('pace - what waits in the socket counts, too', () => {
    const pace = new Pace(30, 0);
    expect(pace.due(0, 65_537)).toBe('behind');
    expect(pace.due(1000, 65_536)).toBe('now');
  });

  test('pace - who keeps up again is told more often again, and never more than was asked for', () => {
    const pace = new Pace(5, 0);
    let ms = 0;
    for (; pace.rate > 1; ms += 100) if (pace.due(ms, 1e6) === 'now') throw new Error('it is full');
    for (let until = ms + 60_000; ms < until; ms += 10) {
      if (pace.due(ms, 0) !== 'now') continue;
      pace.went();
      pace.took(pace.next - 1);
    }
    expect(pace.rate).toBe(5);
  });

  test('pace - a frame that was never sent cannot be acknowledged', () => {
    const pace = new Pace(5, 0);
    expect(pace.took(1)).toBe(false);
    pace.went();
    expect(pace.took(1)).toBe(true);
  });
});

describe('vital signs', () => {
  const reading = (thread: number, more: Partial<ThreadReading> = {}): ThreadReading => ({
    thread,
    replaced: 0,
    actors: 2,
    handled: 0,
    crashes: 0,
    restarts: 0,
    deadLetters: 0,
    busyMs: 0,
    waits: [],
    ...more,
  });
  const main = { deadLetters: 0, lost: 0, inFlight: 0, rings: [], ageMs: 0 };

  test('vital signs - rates, shares and quantiles come from how counters have grown', () => {
    const signs = new VitalSigns();
    expect(signs.second(0, [reading(0), reading(1)], main)).toBeNull();
    const rings = [{ to: 1, data: 0.2, control: 0.5 }];
    const pulse = signs.second(
      2000,
      [
        reading(0, { handled: 100, busyMs: 500, waits: [0, 0, 98] }),
        reading(1, { handled: 50, busyMs: 4000, waits: [0, 0, 0, 0, 0, 2] }),
      ],
      { ...main, rings },
    );
    expect(TOPICS.pulse.value.parse(pulse)).toMatchObject({
      handled: 150,
      waits: [0, 0, 98, 0, 0, 2],
      utilisation: [0.25, 1],
      fill: [0, 0.5],
    });
    const system = TOPICS.system.value.parse(signs.systemRow());
    expect(system).toMatchObject({ verdict: 'healthy', actors: 4, handledPerSecond: 75 });
    // Bucket 2 begins at 1.5 and ends at 1.75 microseconds, bucket 5 ends at 3.
    expect([system.p50WaitUs, system.p99WaitUs]).toEqual([1.75, 3]);
    for (const row of signs.threadRows()) TOPICS.threads.value.parse(row);
  });

  test('vital signs - a worker that has come since begins at 0, and nothing is negative', () => {
    const signs = new VitalSigns();
    signs.second(0, [reading(1, { handled: 1000 })], main);
    const pulse = signs.second(1000, [reading(1, { replaced: 1, handled: 30 })], main);
    expect(pulse?.handled).toBe(30);
    expect(signs.threadRows()[0]?.replaced).toBe(1);
  });

  test('vital signs - what needs somebody is said in words, and only what does', () => {
    const signs = new VitalSigns();
    signs.second(0, [reading(0)], main);
    signs.second(1000, [reading(0, { restarts: 9 })], main);
    expect(signs.systemRow().because).toEqual([]);
    signs.second(2000, [reading(0, { restarts: 10 })], {
      ...main,
      lost: 4,
      ageMs: 3500,
      rings: [{ to: 0, data: 0.95, control: 0 }],
    });
    expect(signs.systemRow().because).toEqual([
      '10 restarts in a minute',
      '4 messages died with a thread in the last minute',
      'a ring to thread 0 is 95 % full',
      'the starting thread has not answered for 4 s',
    ]);
    for (let second = 3; second < 70; second++) {
      signs.second(second * 1000, [reading(0, { restarts: 10 })], { ...main, lost: 4 });
    }
    expect(signs.systemRow().verdict).toBe('healthy');
  });
});
