/**
 * Scenarios of the record ring: small lanes, counters next to their wrap, either side killed.
 * They take the ring's code as an argument, so that planted bugs run through the same scenarios.
 */
import { assert } from '../../src/hotpath/errors.ts';
import type * as Ring from '../../src/hotpath/ring/index.ts';
import type { Outcome, Scenario } from './scenario.ts';
import { SpanMem } from './span-mem.ts';

export type RingCode = Pick<
  typeof Ring,
  'RingProducer' | 'RingConsumer' | 'formatRing' | 'ringBytes'
>;

/** Frames of 16 bytes: four fill a lane, so that full, empty and wrap-around are all near. */
const LANE_BYTES = 64;
const PAYLOAD_BYTES = 8;
/** Exactly what a ring takes: one word further is outside the explored memory. */
function wordsOf(code: RingCode, payloadCheck: boolean): number {
  return code.ringBytes({ dataBytes: LANE_BYTES, controlBytes: LANE_BYTES, payloadCheck }) / 4;
}

const RECORD = 1;
/** Kind of the record that a check adds; no sequence gets there. */
const LAST_KIND = 9999;
/** First positions: plain, across the unsigned wrap, across the sign change. */
const FIRST_POSITIONS = [0, -16, 0x7ffffff0];

type Setup = { readonly firstPosition: number; readonly payloadCheck: boolean };

export function ringScenarios(code: RingCode): Scenario[] {
  const setups = FIRST_POSITIONS.map((firstPosition) => ({ firstPosition, payloadCheck: false }));
  setups.push({ firstPosition: -16, payloadCheck: true });
  return [
    ...setups.map((setup) => orderedRecords(code, setup)),
    fullLane(code),
    abortedClaims(code),
    controlBeforeData(code),
    racingOpeners(code),
  ];
}

/** Scenarios whose schedules are too many to visit all: for random schedules. */
export function largeRingScenarios(code: RingCode): Scenario[] {
  return [crossTraffic(code)];
}

function format(code: RingCode, setup: Setup): Scenario['init'] {
  return (mem) =>
    code.formatRing(mem, { dataBytes: LANE_BYTES, controlBytes: LANE_BYTES, ...setup });
}

/** A producer that fills the lane and a consumer that releases now and then. Guards D1, D2, D6. */
function orderedRecords(code: RingCode, setup: Setup): Scenario {
  const marks = { 'lane was full': false, 'all arrived': false, 'killed with records left': false };
  return {
    name: `records in order from ${setup.firstPosition}${setup.payloadCheck ? ', checked' : ''}`,
    marks,
    words: wordsOf(code, setup.payloadCheck),
    init: format(code, setup),
    killable: [0, 1],
    threads: [
      (mem, { begin, observe }) => {
        const producer = new code.RingProducer(mem, { publishEveryRecords: 2 });
        begin();
        for (let attempt = 0, sequence = 1; attempt < 8 && sequence <= 6; attempt++) {
          const at = producer.data.claim(PAYLOAD_BYTES);
          if (at < 0) continue;
          mem.set(at >> 2, sequence);
          mem.set((at >> 2) + 1, ~sequence);
          producer.data.commit(sequence, PAYLOAD_BYTES);
          observe(sequence++);
        }
        producer.publish();
      },
      (mem, { begin, observe }) => {
        const consumer = new code.RingConsumer(mem);
        begin();
        for (let attempt = 1; attempt <= 7; attempt++) {
          if (consumer.data.poll() === RECORD) observe(takeSequence(mem, consumer.data));
          if (attempt % 2 === 0) consumer.data.release();
        }
        consumer.data.release();
      },
    ],
    check: (outcome) => {
      const sent = outcome.observed[0] as number[];
      const received = outcome.observed[1] as number[];
      const left = drainRest(code, outcome);
      // A killed consumer may die between taking a record and giving its space back, and a killed
      // producer between its store to `tail` and our note of it.
      const releasedTwice = outcome.killed[1] === true ? received.length : 0;
      expectConsecutive(received, left, releasedTwice);
      const known = Math.max(received.at(-1) ?? 0, left.at(-1) ?? 0);
      if (outcome.killed[0] !== true) assert(known === sent.length, `lost after ${known}`);
      marks['lane was full'] ||= outcome.killed[0] !== true && sent.length < 6;
      marks['all arrived'] ||= received.length === 6;
      marks['killed with records left'] ||= outcome.killed[0] === true && left.length > 0;
      exerciseAgain(code, outcome);
    },
  };
}

/** A lane that answers "full" has published all it holds, or both sides would wait. Guards D4. */
function fullLane(code: RingCode): Scenario {
  const marks = { 'consumer saw some before the end': false };
  return {
    name: 'full lane',
    marks,
    words: wordsOf(code, false),
    init: format(code, { firstPosition: 0, payloadCheck: false }),
    threads: [
      (mem, { begin, observe }) => {
        const producer = new code.RingProducer(mem, { publishEveryRecords: 64 });
        begin();
        let sequence = 1;
        for (let at = 0; sequence <= 6 && at >= 0; ) {
          at = producer.data.claim(PAYLOAD_BYTES);
          if (at < 0) break;
          mem.set(at >> 2, sequence);
          mem.set((at >> 2) + 1, ~sequence);
          producer.data.commit(sequence, PAYLOAD_BYTES);
          observe(sequence++);
        }
        if (sequence > 6) producer.publish();
      },
      (mem, { begin, observe }) => {
        const consumer = new code.RingConsumer(mem);
        begin();
        for (let attempt = 0; attempt < 2; attempt++) {
          if (consumer.data.poll() === RECORD) observe(takeSequence(mem, consumer.data));
        }
        consumer.data.release();
      },
    ],
    check: (outcome) => {
      const [sent, received] = outcome.observed as [number[], number[]];
      const left = drainRest(code, outcome);
      expectConsecutive(received, left, 0);
      assert(received.length + left.length === sent.length, 'full, and keeps records to itself');
      marks['consumer saw some before the end'] ||= received.length > 0;
    },
  };
}

/** Claims that are given back, at the end of a full lane too, leave no trace. Guards D6. */
function abortedClaims(code: RingCode): Scenario {
  return {
    name: 'aborted claims',
    marks: {},
    words: wordsOf(code, false),
    init: format(code, { firstPosition: -32, payloadCheck: false }),
    threads: [
      (mem, { begin }) => {
        const producer = new code.RingProducer(mem, { publishEveryRecords: 1 });
        begin();
        for (let sequence = 1; sequence <= 2; sequence++) {
          const abandoned = producer.data.claim(40);
          if (abandoned >= 0) mem.set(abandoned >> 2, -1);
          producer.data.abort();
          const at = producer.data.claim(PAYLOAD_BYTES);
          assert(at > 0, 'an aborted claim has taken space');
          mem.set(at >> 2, sequence);
          mem.set((at >> 2) + 1, ~sequence);
          producer.data.commit(sequence, PAYLOAD_BYTES);
        }
      },
      (mem, { begin, observe }) => {
        const consumer = new code.RingConsumer(mem);
        begin();
        for (let attempt = 0; attempt < 4; attempt++) {
          if (consumer.data.poll() === RECORD) observe(takeSequence(mem, consumer.data));
          consumer.data.release();
        }
      },
    ],
    check: (outcome) => {
      const left = drainRest(code, outcome);
      const received = outcome.observed[1] as number[];
      expectConsecutive(received, left, 0);
      assert(received.length + left.length === 2, 'a committed record is lost');
    },
  };
}

/**
 * Two threads send each other more than both rings hold, and each looks at its own mail whenever it
 * cannot send: both rings are full at times, and still everything arrives. Guards: D4
 */
function crossTraffic(code: RingCode): Scenario {
  const records = 8;
  const span = wordsOf(code, false);
  const marks = { 'both rings were full': false, 'all arrived': false };
  const side = (own: number, seenFull: boolean[]): Scenario['threads'][number] => {
    return (mem, { begin, observe }) => {
      const inbox = new code.RingConsumer(new SpanMem(mem, (1 - own) * span, span));
      const outbox = new code.RingProducer(new SpanMem(mem, own * span, span));
      begin();
      seenFull[own] = false;
      let sent = 0;
      const takeAll = (): void => {
        inbox.drain({ data: (kind) => observe(kind), control: (kind) => observe(-kind) });
      };
      for (let attempt = 0; attempt < 14 && sent < records; attempt++) {
        if (outbox.data.write(sent + 1, new Uint8Array(4))) sent++;
        else {
          seenFull[own] = true;
          if (attempt % 2 === 0) takeAll();
        }
      }
      outbox.publish();
      // However full the data lane is, the last word passes: how many there are.
      assert(outbox.control.write(sent, new Uint8Array(0)), 'the control lane is full');
      for (let turn = 0; turn < 4; turn++) takeAll();
    };
  };
  const seenFull = [false, false];
  return {
    name: 'cross traffic',
    marks,
    words: 2 * span,
    init: (mem) => {
      for (const own of [0, 1]) {
        format(code, { firstPosition: -16, payloadCheck: false })(
          new SpanMem(mem, own * span, span),
        );
      }
    },
    threads: [side(0, seenFull), side(1, seenFull)],
    check: (outcome) => {
      let arrived = 0;
      for (const own of [0, 1]) {
        const received = outcome.observed[1 - own] as number[];
        const left: number[] = [];
        const mem = new SpanMem(outcome.mem, own * span, span);
        const rest = new code.RingConsumer(mem, { takeOver: true });
        rest.drain({
          data: (kind) => void left.push(kind),
          control: (kind) => void left.push(-kind),
        });
        const all = [...received, ...left];
        const data = all.filter((kind) => kind > 0);
        const announced = all.find((kind) => kind <= 0);
        assert(announced !== undefined, 'the last word did not pass');
        assert(data.length === -announced, `${data.length} of ${-announced} records`);
        data.forEach((kind, index) => void assert(kind === index + 1, `received ${data.join()}`));
        arrived += data.length;
      }
      marks['both rings were full'] ||= seenFull[0] === true && seenFull[1] === true;
      marks['all arrived'] ||= arrived === 2 * records;
    },
  };
}

/** A definition on the control lane arrives before the data that needs it. Guards: HOT-4 */
function controlBeforeData(code: RingCode): Scenario {
  const marks = { 'data was delivered': false };
  return {
    name: 'control before data',
    marks,
    words: wordsOf(code, false),
    init: format(code, { firstPosition: 0, payloadCheck: false }),
    killable: [0],
    threads: [
      (mem, { begin }) => {
        const producer = new code.RingProducer(mem, { publishEveryRecords: 1 });
        begin();
        for (let definition = 1; definition <= 2; definition++) {
          producer.control.write(definition, new Uint8Array(0));
          producer.data.write(definition, new Uint8Array(0));
        }
      },
      (mem, { begin, observe }) => {
        const consumer = new code.RingConsumer(mem);
        begin();
        let known = 0;
        const control = (kind: number): void => {
          assert(kind === known + 1, `control record ${kind} after ${known}`);
          known = kind;
        };
        const data = (kind: number): void => {
          assert(kind <= known, `data needs definition ${kind}, known is ${known}`);
          observe(kind);
        };
        for (let turn = 0; turn < 3; turn++) consumer.drain({ control, data });
      },
    ],
    check: ({ observed }) => {
      marks['data was delivered'] ||= observed[1]?.length === 2;
    },
  };
}

/** Two threads that open the same side at once: one gets it, the other is refused. */
function racingOpeners(code: RingCode): Scenario {
  const marks = { 'the first won': false, 'the second won': false };
  const opener: Scenario['threads'][number] = (mem, { begin, observe }) => {
    begin();
    try {
      const producer = new code.RingProducer(mem, { publishEveryRecords: 1 });
      producer.data.write(1, new Uint8Array(0));
      observe(1);
    } catch (error) {
      // The checker stops threads by throwing, too; only a refusal ends here.
      if (!(error instanceof Error) || error.name === 'RaceError') throw error;
      assert(error.message.includes('a free role'), error.message);
    }
  };
  return {
    name: 'racing openers',
    marks,
    words: wordsOf(code, false),
    init: format(code, { firstPosition: 0, payloadCheck: false }),
    threads: [opener, opener],
    check: ({ observed }) => {
      const winners = observed.map((notes) => notes.length);
      assert((winners[0] as number) + (winners[1] as number) === 1, `${winners.join()} producers`);
      marks['the first won'] ||= winners[0] === 1;
      marks['the second won'] ||= winners[1] === 1;
    },
  };
}

type Taken = { readonly kind: number; readonly at: number; readonly length: number };

function takeSequence(mem: { get(word: number): number }, record: Taken): number {
  const sequence = mem.get(record.at >> 2);
  assert(record.length === PAYLOAD_BYTES, `length ${record.length}`);
  assert(mem.get((record.at >> 2) + 1) === ~sequence, `torn record ${sequence}`);
  assert(record.kind === sequence, `kind ${record.kind} on record ${sequence}`);
  return sequence;
}

/**
 * What is left after all threads have ended: a producer takes over and adds a last record, a
 * consumer takes over and must find everything in front of it.
 */
function drainRest(code: RingCode, outcome: Outcome): number[] {
  const { mem } = outcome;
  const producer = new code.RingProducer(mem, { takeOver: true });
  const isMarked = producer.data.write(LAST_KIND, new Uint8Array(0));
  producer.close();
  const consumer = new code.RingConsumer(mem, { takeOver: true });
  const rest: number[] = [];
  let kind = 0;
  while (consumer.data.poll() === RECORD) {
    kind = consumer.data.kind;
    if (kind !== LAST_KIND) rest.push(takeSequence(mem, consumer.data));
    assert(rest.length <= LANE_BYTES, 'a record is taken again and again');
  }
  assert(consumer.data.corruption === null, 'the rest of the ring is corrupt');
  assert(!isMarked || kind === LAST_KIND, 'the record of the new producer is not the last one');
  consumer.close();
  return rest;
}

function expectConsecutive(received: number[], left: number[], againMax: number): void {
  received.forEach((sequence, index) => {
    assert(sequence === index + 1, `received ${received.join()}`);
  });
  const first = left[0] ?? received.length + 1;
  const again = received.length + 1 - first;
  assert(again >= 0 && again <= againMax, `received ${received.join()}, left ${left.join()}`);
  left.forEach((sequence, index) => {
    assert(sequence === first + index, `left ${left.join()}`);
  });
}

/** Whoever takes over can use the ring as if nothing had happened: no space has leaked. */
function exerciseAgain(code: RingCode, outcome: Outcome): void {
  const producer = new code.RingProducer(outcome.mem, { takeOver: true, publishEveryRecords: 1 });
  const consumer = new code.RingConsumer(outcome.mem, { takeOver: true });
  const frames = producer.data.recordBytesMax >= 40 ? 3 : 2;
  for (let round = 0; round < 2; round++) {
    for (let index = 0; index < frames; index++) {
      assert(producer.data.write(7, new Uint8Array(4)), 'a drained data lane has no room');
      assert(producer.control.write(7, new Uint8Array(4)), 'a drained control lane has no room');
    }
    const handlers = { data: () => undefined, control: () => undefined };
    const drained = consumer.drain(handlers);
    assert(drained === 2 * frames, `drained ${drained} of ${2 * frames}`);
  }
}
