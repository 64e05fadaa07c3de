/**
 * Scenarios of the window hand-over between a metric writer and its reader: more flips than the
 * reader keeps up with, epochs next to their wrap, either side killed.
 */
import { assert } from '../../src/hotpath/errors.ts';
import type { Mem } from '../../src/hotpath/mem.ts';
import { FLIP_BYTES } from '../../src/hotpath/metrics/shard-layout.ts';
import type * as Role from '../../src/hotpath/metrics/shard-role.ts';
import type * as Flip from '../../src/hotpath/metrics/window-flip.ts';
import type { Outcome, Scenario } from './scenario.ts';

export type WindowCode = Pick<
  typeof Flip,
  'WindowFlipReader' | 'WindowFlipWriter' | 'startWindowFlip'
>;

export type RoleCode = Pick<typeof Role, 'releaseReaderRole' | 'takeReaderRole' | 'takeWriterRole'>;

/** Roles of a shard: two threads want the same one at once; a role that was given back is free. */
export function roleScenarios(code: RoleCode): Scenario[] {
  return [
    racingRoles('writers', code.takeWriterRole),
    racingRoles('readers', (mem) => code.takeReaderRole(mem, false)),
    readersInTurn(code),
  ];
}

function racingRoles(who: string, take: (mem: Mem) => void): Scenario {
  const marks = { 'the first won': false, 'the second won': false };
  const thread: Scenario['threads'][number] = (mem, { begin, observe }) => {
    begin();
    if (isTaken(() => take(mem))) observe(1);
  };
  return {
    name: `racing ${who}`,
    marks,
    words: WINDOWS_WORD,
    init: () => undefined,
    threads: [thread, thread],
    check: ({ observed }) => {
      const [first, second] = observed.map((notes) => notes.length) as [number, number];
      assert(first + second === 1, `${first + second} ${who}`);
      marks['the first won'] ||= first === 1;
      marks['the second won'] ||= second === 1;
    },
  };
}

/** While one has the role it may write plainly; whoever has it next sees all of that. */
function readersInTurn(code: RoleCode): Scenario {
  const marks = { 'both had it': false };
  const thread: Scenario['threads'][number] = (mem, { begin, observe }) => {
    begin();
    for (let attempt = 0; attempt < 3; attempt++) {
      if (!isTaken(() => code.takeReaderRole(mem, false))) continue;
      mem.set(WINDOWS_WORD, mem.get(WINDOWS_WORD) + 1);
      code.releaseReaderRole(mem);
      observe(1);
      return;
    }
  };
  return {
    name: 'readers in turn',
    marks,
    words: WINDOWS_WORD + 2,
    init: () => undefined,
    threads: [thread, thread],
    check: ({ observed, mem }) => {
      const turns = observed.reduce((sum, notes) => sum + notes.length, 0);
      assert(mem.get(WINDOWS_WORD) === turns, `${mem.get(WINDOWS_WORD)} of ${turns} turns`);
      marks['both had it'] ||= turns === 2;
    },
  };
}

/** Whether a role was taken. The checker stops threads by throwing, too; that passes on. */
function isTaken(take: () => void): boolean {
  try {
    take();
    return true;
  } catch (error) {
    if (!(error instanceof Error) || error.name === 'RaceError') throw error;
    return false;
  }
}

/** Two windows of two words behind the protocol's: the sum of a window's samples, their count. */
const WINDOWS_WORD = FLIP_BYTES / 4;
const sumWord = (buffer: number): number => WINDOWS_WORD + 2 * buffer;
const SAMPLES = 5;

export function windowScenarios(code: WindowCode): Scenario[] {
  return [0, -1, 0x7fffffff].map((epoch) => handOver(code, epoch));
}

/** Every sample is read exactly once, whoever is slow; a dead reader loses at most its window. */
function handOver(code: WindowCode, epoch: number): Scenario {
  const marks = { 'a flip was refused': false, 'all windows were read': false };
  return {
    name: `windows from epoch ${epoch}`,
    marks,
    words: WINDOWS_WORD + 4,
    init: (mem) => code.startWindowFlip(mem, epoch),
    killable: [0, 1],
    threads: [
      (mem, { begin, observe }) => {
        const writer = new code.WindowFlipWriter(mem);
        begin();
        for (let sample = 1; sample <= SAMPLES; sample++) {
          const at = sumWord(writer.open);
          mem.set(at, mem.get(at) + sample);
          mem.set(at + 1, mem.get(at + 1) + 1);
          observe(writer.tryFlip() ? 1 : 0);
        }
      },
      (mem, { begin, observe }) => {
        const reader = new code.WindowFlipReader(mem);
        begin();
        for (let turn = 0; turn < 4; turn++) {
          const buffer = reader.acquire();
          if (buffer === undefined) continue;
          const at = sumWord(buffer);
          observe(mem.get(at));
          observe(mem.get(at + 1));
          mem.set(at, 0);
          mem.set(at + 1, 0);
          reader.release();
        }
      },
    ],
    check: (outcome) => {
      const flips = outcome.observed[0] as number[];
      const [sum, count] = totals(outcome);
      marks['a flip was refused'] ||= flips.includes(0);
      marks['all windows were read'] ||= outcome.observed[1]?.length === 8;
      if (outcome.killed.includes(true)) return expectLossBounded(outcome, count);
      assert(count === SAMPLES && sum === 15, `${count} samples with sum ${sum} are accounted for`);
      const writer = new code.WindowFlipWriter(outcome.mem);
      const successor = new code.WindowFlipReader(outcome.mem);
      if (successor.acquire() !== undefined) successor.release();
      assert(writer.tryFlip(), 'nothing is closed, and the writer may not flip');
      assert(successor.acquire() !== undefined, 'a window was closed, and the reader has none');
    },
  };
}

/** What the reader saw plus what still lies in both windows. */
function totals(outcome: Outcome): [number, number] {
  let sum = outcome.mem.get(sumWord(0)) + outcome.mem.get(sumWord(1));
  let count = outcome.mem.get(sumWord(0) + 1) + outcome.mem.get(sumWord(1) + 1);
  const seen = outcome.observed[1] as number[];
  for (let index = 0; index + 1 < seen.length; index += 2) {
    sum += seen[index] as number;
    count += seen[index + 1] as number;
  }
  return [sum, count];
}

/** A killed side may leave one window read and not cleared, or half cleared; never more. */
function expectLossBounded(outcome: Outcome, count: number): void {
  const written = (outcome.observed[0] as number[]).length;
  if (outcome.killed[1] === true) assert(count >= 0 && count <= 2 * SAMPLES, `${count} samples`);
  else assert(count >= written && count <= written + 1, `${count} of ${written} samples`);
}
