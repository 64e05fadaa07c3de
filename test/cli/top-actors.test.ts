/** `top --actors`: what keys do, which rows are shown, and one look at a running system. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fc, test as property } from '@fast-check/vitest';
import { start } from 'ringmaster';
import { inspect } from 'ringmaster/inspector';
import { describe, expect, test } from 'vitest';
import { ACTOR_ORDERS, ActorRows } from '../../src/cli/top/actor-rows.ts';
import { type Key, pressed, type TableState } from '../../src/cli/top/keys.ts';
import { Keeper } from '../inspector/programs/keeper.mjs';
import { CommandRig } from './command-rig.ts';

const START: TableState = { mode: 'list', filter: '', order: 'depth', at: 0, reason: '' };
const named = (name: string): Key => ({ name, sequence: name.length === 1 ? name : '' });
const text = (sequence: string): Key => ({ name: sequence, sequence });

/** After those keys; and what each of them has asked for. */
function after(keys: readonly Key[], mayStop = true, from = START) {
  const actions: string[] = [];
  let state = from;
  for (const key of keys) {
    const [next, action] = pressed(state, key, mayStop);
    state = next;
    actions.push(action);
  }
  return { state, actions };
}

describe('keys', () => {
  test('keys - a filter is typed, corrected, kept by Enter and dropped by Escape', () => {
    const keys = [text('/'), text('a'), text('q'), named('backspace'), text('b'), named('return')];
    expect(after(keys).state).toMatchObject({ mode: 'list', filter: 'ab' });
    expect(after([...keys, text('/'), named('escape')]).state).toMatchObject({ filter: '' });
  });

  test('keys - an actor is ended with a reason, by a role that may, and not without', () => {
    const why = [text('o'), text('l'), text('d')];
    expect(after([named('k'), ...why, named('return')]).actions.at(-1)).toBe('stop');
    expect(after([named('k'), named('return')]).actions).toEqual(['none', 'none']);
    expect(after([named('k'), ...why, named('escape')]).actions).not.toContain('stop');
    expect(after([named('k'), ...why, named('return')], false).actions).not.toContain('stop');
  });

  test('keys - orders go round, rows are chosen, q and Ctrl-C quit', () => {
    const round = ACTOR_ORDERS.map(() => named('s'));
    expect(after(round).state.order).toBe('depth');
    expect(after([named('s')]).state.order).toBe(ACTOR_ORDERS[1]);
    expect(
      after([named('down'), named('down'), named('up'), named('up'), named('up')]).state.at,
    ).toBe(0);
    expect(after([named('q')]).actions).toEqual(['quit']);
    expect(after([text('/'), { name: 'c', ctrl: true, sequence: '\x03' }]).actions[1]).toBe('quit');
  });

  property.prop([
    fc.array(fc.record({ name: fc.string(), sequence: fc.string(), ctrl: fc.boolean() })),
  ])('keys - whatever is pressed, nothing is ended by a role that may not', (keys) => {
    expect(after(keys, false).actions).not.toContain('stop');
    // Nothing that a terminal obeys gets into what is shown.
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what may not be there.
    expect(after([text('/'), ...keys]).state.filter).not.toMatch(/[\u0000-\u001f\u007f]/);
  });
});

describe('rows', () => {
  const empty = { gone: new Uint32Array(0), isLast: true, sub: 1, frame: 1, to: 1 };
  const none = {
    row: new Uint32Array(0),
    handled: new Float64Array(0),
    depth: new Uint32Array(0),
    restarts: new Uint32Array(0),
    age: new Uint32Array(0),
    waitUs: new Float32Array(0),
  };
  const snapshot = {
    ...empty,
    from: 0,
    isFirst: true,
    named: {
      row: Uint32Array.of(0, 1, 2),
      thread: Uint32Array.of(0, 1, 1),
      end: Uint32Array.of(2, 4, 6),
      paths: '/a/b/c',
    },
    changed: {
      row: Uint32Array.of(0, 1, 2),
      handled: Float64Array.of(1, 2, 3),
      depth: Uint32Array.of(5, 0, 5),
      restarts: Uint32Array.of(0, 9, 0),
      age: new Uint32Array(3),
      waitUs: Float32Array.of(Number.NaN, 1, 2),
    },
  };

  test('rows - the first of an order, ties by path, what matches is counted', () => {
    const rows = new ActorRows();
    rows.take(snapshot);
    const paths = (...args: Parameters<ActorRows['first']>): readonly string[] =>
      rows.first(...args).lines.map(({ path }) => path);
    expect(paths('', 'depth', 10)).toEqual(['/a', '/c', '/b']);
    expect(paths('', 'waitUs', 10)).toEqual(['/c', '/b', '/a']);
    expect(paths('', 'restarts', 1)).toEqual(['/b']);
    expect(rows.first('/c', 'path', 10)).toMatchObject({ matching: 1 });
  });

  test('rows - rates are of the time between two passes; who is gone is gone; a snapshot is all', () => {
    const rows = new ActorRows();
    rows.take(snapshot);
    rows.pass(1);
    const changed = {
      row: Uint32Array.of(1),
      handled: Float64Array.of(22),
      depth: Uint32Array.of(0),
      restarts: Uint32Array.of(9),
      age: new Uint32Array(1),
      waitUs: Float32Array.of(1),
    };
    const named = { ...snapshot.named, row: none.row, thread: none.row, end: none.row, paths: '' };
    const delta = { ...empty, from: 1, isFirst: true, named, changed, gone: Uint32Array.of(0) };
    rows.take(delta);
    rows.pass(2);
    expect(rows.first('', 'rate', 1).lines[0]).toMatchObject({ path: '/b', rate: 10 });
    expect(rows.size).toBe(2);
    rows.take({ ...snapshot, named, changed: none });
    expect(rows.size).toBe(0);
  });
});

test('top - without a terminal it is one look', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'ringmaster-top-'));
  const rig = new CommandRig();
  const system = await start();
  const inspector = await inspect(system, { directory });
  await system.spawn(Keeper, { id: 'seen' });
  await system.spawn(Keeper, { id: 'other' });
  const address = ['--url', inspector.url, '--token-file', inspector.tokenFile('viewer')];
  const { code, out } = await rig.run('top', '--actors', '--filter', 'seen', ...address);
  expect([code, out]).toEqual([0, expect.stringMatching(/^ACTOR +THREAD +MAILBOX/)]);
  expect(out).toContain('/user/seen');
  expect(out).not.toContain('/user/other');
  const wrong = await rig.run('top', '--actors', '--sort', 'size', ...address);
  expect(wrong).toMatchObject({ code: 2, err: expect.stringContaining('--sort is size') });
  await rig.end();
  await inspector.close();
  await system.close();
  rmSync(directory, { recursive: true });
});
