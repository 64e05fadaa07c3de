/** How often a client is told, and what a second of a system is: counters, and clocks that a test moves. */
import { describe, expect, test } from 'vitest';
import { TOPICS } from '../../src/inspector/protocol/topics.ts';
import { Pace } from '../../src/inspector/topics/pace.ts';
import { type ThreadReading, VitalSigns } from '../../src/inspector/topics/vital-signs.ts';

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
