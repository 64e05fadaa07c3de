/** When the brain is started, ended and started again: each edge, and what random lives never do. */
import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { BRAIN_CONFIG_DEFAULT } from '../../src/agent/brain.config.ts';
import {
  type BrainEffect,
  type BrainInput,
  type BrainState,
  brainDown,
  brainFound,
  step,
} from '../../src/agent/brain.machine.ts';

const CONFIG = { ...BRAIN_CONFIG_DEFAULT, restartsMax: 3, restartsWithinMs: 1000, healthyMs: 500 };
const exits = (nowMs: number, code: number | null, chance = 0.5): BrainInput => ({
  kind: 'exit',
  nowMs,
  code,
  signal: code === null ? 'SIGKILL' : null,
  chance,
});
const crash = (nowMs: number, chance?: number): BrainInput => exits(nowMs, null, chance);

/** Runs inputs through the machine; effects of each. */
function live(inputs: readonly BrainInput[], from: BrainState = brainDown(CONFIG)) {
  let state = from;
  const effects: (readonly BrainEffect[])[] = [];
  for (const input of inputs) {
    const next = step(state, input);
    state = next.state;
    effects.push(next.effects);
  }
  return { state, effects };
}

const start: BrainInput = { kind: 'start', nowMs: 0 };
const beat = (nowMs: number): BrainInput => ({ kind: 'beat', nowMs });
const tick = (nowMs: number, isLate = false): BrainInput => ({ kind: 'tick', nowMs, isLate });

describe('brain', () => {
  test('brain - the first restart is immediate, and the process comes before its report', () => {
    const { state, effects } = live([start, beat(10), crash(20)]);
    expect(state.status).toBe('starting');
    expect(effects.at(-1)).toEqual([{ do: 'spawn' }, { do: 'report', reason: 'signal SIGKILL' }]);
  });

  test('brain - the next ones wait longer and longer, with jitter', () => {
    const twice = live([start, beat(10), crash(20), crash(30)]);
    expect(twice.state).toMatchObject({ status: 'waiting', dueMs: 130 });
    expect(step(twice.state, tick(129)).effects).toEqual([]);
    expect(step(twice.state, tick(130)).effects).toEqual([{ do: 'spawn' }]);
    const thrice = live([start, crash(20), crash(30), tick(130), crash(140, 0)]);
    expect(thrice.state.dueMs).toBe(140 + 200 * 0.8);
  });

  test('brain - a healthy time makes the next end the first again', () => {
    const { state } = live([start, beat(10), crash(20), beat(30), beat(531), crash(1100)]);
    expect(state).toMatchObject({ status: 'starting', attempt: 1 });
  });

  test('brain - more ends than allowed within the window leave it down until it is ordered up', () => {
    const inputs = [start, crash(1), crash(2), tick(200), crash(300), tick(600), crash(601)];
    const { state, effects } = live(inputs);
    expect(state.status).toBe('looping');
    expect(state.reason).toContain('4 ends within 1000 ms');
    expect(effects.at(-1)).toMatchObject([{ do: 'report' }]);
    expect(step(state, tick(99_999)).effects).toEqual([]);
    expect(step(state, { kind: 'start', nowMs: 99_999 }).effects).toEqual([{ do: 'spawn' }]);
  });

  test('brain - ends that leave the window are forgotten', () => {
    const inputs = [start, crash(1), crash(2), tick(200), crash(300), tick(700), crash(1002)];
    expect(live(inputs).state.status).toBe('waiting');
  });

  test('brain - one that gives no sign of life is killed, and not again at once', () => {
    const { state, effects } = live([start, beat(10), tick(5009), tick(5010), tick(5011)]);
    expect(effects.slice(2)).toEqual([[], [{ do: 'kill', signal: 'SIGKILL' }], []]);
    const { effects: after } = step(state, crash(5020));
    expect(after).toContainEqual({
      do: 'report',
      reason: 'running: no sign of life for 5000 ms (signal SIGKILL)',
    });
  });

  test('brain - one that never gives its first sign has longer', () => {
    const { effects } = live([start, tick(29_999), tick(30_000)]);
    expect(effects.slice(1)).toEqual([[], [{ do: 'kill', signal: 'SIGKILL' }]]);
  });

  test('brain - an agent that was itself stopped kills nobody for its own lateness', () => {
    // Guards: R3.
    const { effects } = live([start, beat(10), tick(90_000, true), tick(90_250), beat(90_300)]);
    expect(effects.flat()).toEqual([{ do: 'spawn' }]);
  });

  test('brain - one that ends by itself with 0 has done its work', () => {
    const { state, effects } = live([start, beat(10), exits(20, 0)]);
    expect(state.status).toBe('ended');
    expect(effects.at(-1)).toEqual([{ do: 'end', code: 0 }]);
  });

  test('brain - stopping asks, then forces, and never starts again', () => {
    const stop: BrainInput = { kind: 'stop', nowMs: 100 };
    const { state, effects } = live([start, beat(10), stop, tick(10_099), tick(10_100)]);
    expect(effects.slice(2)).toEqual([
      [{ do: 'kill', signal: 'SIGTERM' }],
      [],
      [{ do: 'kill', signal: 'SIGKILL' }],
    ]);
    expect(step(state, stop).effects).toEqual([{ do: 'kill', signal: 'SIGKILL' }]);
    expect(step(state, crash(10_200)).effects).toEqual([{ do: 'end', code: 0 }]);
    expect(live([start, crash(1), crash(2), stop]).effects.at(-1)).toEqual([
      { do: 'end', code: 0 },
    ]);
  });

  test('brain - one that was found gets the time of one that is started', () => {
    const { effects } = live([tick(31_000), tick(31_001)], brainFound(CONFIG, 1001));
    expect(effects).toEqual([[], [{ do: 'kill', signal: 'SIGKILL' }]]);
  });

  const inputs = fc.array(
    fc.record({
      kind: fc.constantFrom('start', 'beat', 'exit', 'tick', 'stop'),
      passMs: fc.nat({ max: 12_000 }),
      code: fc.constantFrom(0, 1, null),
      isLate: fc.boolean(),
      chance: fc.double({ min: 0, max: 0.999, noNaN: true }),
    }),
    { maxLength: 200 },
  );

  test.prop([inputs])('brain - never two at once, never one after the end', (steps) => {
    let state = brainDown(CONFIG);
    let nowMs = 0;
    let isAlive = false;
    let hasEnded = false;
    for (const { kind, passMs, code, isLate, chance } of steps) {
      nowMs += passMs;
      // A process ends only if there is one.
      if (kind === 'exit' && !isAlive) continue;
      if (kind === 'exit') isAlive = false;
      const signal = code === null ? 'SIGKILL' : null;
      const input = { kind, nowMs, isLate, code, signal, chance } as unknown as BrainInput;
      const { state: next, effects } = step(state, input);
      state = next;
      for (const effect of effects) {
        expect(hasEnded).toBe(false);
        if (effect.do === 'spawn') {
          expect(isAlive).toBe(false);
          isAlive = true;
        }
        if (effect.do === 'end') {
          expect(isAlive).toBe(false);
          hasEnded = true;
        }
      }
      expect(state.restartsMs.length).toBeLessThanOrEqual(CONFIG.restartsMax);
    }
  });
});
