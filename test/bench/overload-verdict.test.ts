/** The verdict of an overload run, judged by figures that are known. */
import { describe, expect, test } from 'vitest';
import { judgeOverload, type OverloadFigures } from '../../bench/chaos/overload-verdict.ts';

const SOUND: OverloadFigures = {
  peaks: [1000, 1000],
  good: [900, 950, 940],
  beforeP99Ms: [4, 5, 6],
  afterP99Ms: [80, 9, 5, 5, 30, 5, 5, 5, 5, 5],
  memory: Array.from({ length: 600 }, (_, second) => (second < 60 ? 200 : 100 + (second % 7))),
  soakSeconds: 600,
  inFlight: 0,
};
const verdicts = (changed: Partial<OverloadFigures> = {}) => {
  const judged = judgeOverload({ ...SOUND, ...changed });
  return Object.fromEntries(Object.entries(judged).map(([name, { verdict }]) => [name, verdict]));
};
const MET = {
  goodputOfPeak: 'met',
  backWithinSeconds: 'met',
  memoryGrowth: 'met',
  inFlight: 'met',
};

// Guards: R1, R5.
describe('overload verdict', () => {
  test('overload verdict - a sound run meets every bound, and says by how much', () => {
    expect(verdicts()).toEqual(MET);
    const { goodputOfPeak, backWithinSeconds, memoryGrowth } = judgeOverload(SOUND);
    expect([goodputOfPeak.figure, backWithinSeconds.figure, memoryGrowth.figure]).toEqual([
      0.93, 2, 0,
    ]);
  });

  test('overload verdict - each bound is missed alone', () => {
    const missed = (name: string) => ({ ...MET, [name]: 'missed' });
    expect(verdicts({ good: [890, 899] })).toEqual(missed('goodputOfPeak'));
    expect(verdicts({ peaks: [1000, 1200] })).toEqual(missed('goodputOfPeak'));
    expect(verdicts({ afterP99Ms: Array(10).fill(11) })).toEqual(missed('backWithinSeconds'));
    expect(verdicts({ inFlight: 1 })).toEqual(missed('inFlight'));
    const growing = SOUND.memory.map((bytes, second) => bytes + second / 100);
    expect(verdicts({ memory: growing })).toEqual(missed('memoryGrowth'));
  });

  test('overload verdict - one quiet second among loud ones is not back yet', () => {
    const late = judgeOverload({ ...SOUND, afterP99Ms: [80, 5, 80, 80, 80, 80, 80, 5, 5, 5] });
    expect(late.backWithinSeconds).toEqual({ figure: 8, bound: 10, verdict: 'met' });
  });

  test('overload verdict - a run that is cut short, or without figures, is never met', () => {
    expect(verdicts({ soakSeconds: 60 }).memoryGrowth).toBe('not run');
    expect(verdicts({ memory: [], soakSeconds: 0 }).memoryGrowth).toBe('not run');
    expect(verdicts({ good: [] }).goodputOfPeak).toBe('missed');
    expect(verdicts({ beforeP99Ms: [] }).backWithinSeconds).toBe('missed');
  });
});
