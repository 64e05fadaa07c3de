/** What is wrong with a system is found from what its topics tell, and what is no fault is not. */
import { describe, expect, test } from 'vitest';
import { type Signs, systemFindings } from '../../src/inspector/topics/findings.ts';

const NOW_MS = 100_000;
const CALM: Signs = { nowMs: NOW_MS, alarms: [], pulse: [], events: [], letters: [] };

const second = (of: Partial<Signs['pulse'][number]> = {}): Signs['pulse'][number] => ({
  atMs: NOW_MS,
  handled: 1,
  crashes: 0,
  restarts: 0,
  deadLetters: 0,
  waits: [],
  utilisation: [0.1, 0.2],
  fill: [0, 0],
  ...of,
});
const crash = (
  path: string,
  atMs: number,
  cause: string | null = null,
): Signs['events'][number] => ({
  atMs,
  kind: 'actor-crashed',
  path,
  thread: null,
  text: `${path} crashed: Error: no`,
  failure: {
    name: 'Error',
    message: 'no',
    stack: '',
    causes: cause === null ? [] : [{ name: 'TypeError', message: cause }],
  },
});

describe('findings', () => {
  test('findings - a calm system has none', () => {
    const pulse = Array.from({ length: 60 }, () => second());
    const events = [crash('/user/a', NOW_MS), crash('/user/a', NOW_MS)];
    expect(systemFindings({ ...CALM, pulse, events })).toEqual([]);
  });

  test('findings - three crashes of one actor in a minute are a loop, with the cause of causes', () => {
    const events = [
      crash('/user/a', NOW_MS - 2, 'x is undefined'),
      crash('/user/b', NOW_MS - 2),
      crash('/user/a', NOW_MS - 1, 'x is undefined'),
      crash('/user/a', NOW_MS),
    ];
    expect(systemFindings({ ...CALM, events })).toEqual([
      {
        about: '/user/a',
        what: 'it crashed 3 times in a minute',
        evidence: [
          '/user/a crashed: Error: no',
          '/user/a crashed: Error: no; caused by TypeError: x is undefined',
        ],
        next: 'ringmaster trace /user/a',
      },
    ]);
    const old = events.map((event) => ({ ...event, atMs: NOW_MS - 60_001 }));
    expect(systemFindings({ ...CALM, events: old })).toEqual([]);
  });

  test('findings - the command for an actor without an id is one that a shell takes as it is', () => {
    const events = [1, 2, 3].map((atMs) => crash('/user/$0.3.1', NOW_MS - atMs));
    const [found] = systemFindings({ ...CALM, events });
    expect(found?.next).toBe("ringmaster trace '/user/$0.3.1'");
  });

  test('findings - a thread is busy after ten seconds without a rest', () => {
    const busy = second({ utilisation: [0.2, 0.99] });
    const nine = [second(), ...Array.from({ length: 9 }, () => busy)];
    expect(systemFindings({ ...CALM, pulse: nine })).toEqual([]);
    const found = systemFindings({ ...CALM, pulse: [...nine, busy] });
    expect(found).toMatchObject([
      { about: 'thread 1', evidence: ['99 % in handlers, for 10 s and more'] },
    ]);
  });

  test('findings - dead letters of the last minute, each kind once', () => {
    const pulse = [second({ deadLetters: 7 }), ...Array.from({ length: 59 }, () => second())];
    const letter = { thread: 0, path: '/user/a', message: 'go', reason: 'stopped' };
    const letters = [letter, letter, { ...letter, message: 'come' }];
    expect(systemFindings({ ...CALM, pulse, letters })).toMatchObject([
      {
        about: 'system',
        what: '7 messages of the last minute were handled by nobody',
        evidence: ['come to /user/a: stopped', 'go to /user/a: stopped'],
      },
    ]);
    expect(systemFindings({ ...CALM, pulse: [...pulse, second()], letters })).toEqual([]);
  });

  test('findings - an alarm has what happened as its evidence', () => {
    const lost = {
      ...crash('/user/a', NOW_MS),
      kind: 'thread-lost',
      path: null,
      text: 'thread 1 is lost',
    };
    const alarms = [
      { kind: 'lost', thread: null, text: '5 messages died with a thread in the last minute' },
      { kind: 'ring', thread: 2, text: 'a ring to thread 2 is 95 % full' },
    ] as const;
    expect(systemFindings({ ...CALM, alarms, events: [lost] })).toEqual([
      {
        about: 'system',
        what: '5 messages died with a thread in the last minute',
        evidence: ['thread 1 is lost'],
        next: 'ringmaster inspect',
      },
      {
        about: 'thread 2',
        what: 'a ring to thread 2 is 95 % full',
        evidence: [],
        next: 'ringmaster top --actors --sort depth',
      },
    ]);
  });
});
