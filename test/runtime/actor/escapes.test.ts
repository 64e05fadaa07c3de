/** Code of users in odd places: what it throws ends an actor at most, never the thread's dispatcher. */
import { expect, test } from 'vitest';
import type { AnyRef } from '../../../src/runtime/actor/ref.ts';
import { codeOfError, define, Stage } from './stage.ts';

const spawn = async (stage: Stage, definition: unknown): Promise<AnyRef> =>
  (await stage.system.spawn(definition as never)) as never;

test('escapes - a handler behind a getter that throws is a crash of its actor', async () => {
  // Guards: S6.
  const stage = new Stage();
  const Odd = define(() => ({
    get trap(): () => void {
      throw new Error('looked at');
    },
    fine: () => 1,
  }));
  const [odd, other] = [await spawn(stage, Odd), await spawn(stage, Odd)];
  expect(await odd.ask('trap').catch(codeOfError)).toBe('RM_ACTOR_CRASHED');
  expect(await odd.ask('fine')).toBe(1);
  expect(await other.ask('fine')).toBe(1);
});

test('escapes - become wants handlers', async () => {
  // Guards: S6.
  const stage = new Stage();
  const Chameleon = define((_args: undefined, ctx) => ({
    become: (handlers: unknown) => ctx.become(handlers as never),
    fine: () => 1,
  }));
  const ref = await spawn(stage, Chameleon);
  for (const bad of [undefined, null, 5]) {
    const error = await ref.ask('become', bad).catch((caught: unknown) => caught);
    expect((error as Error).cause).toMatchObject({ code: 'RM_DEFINITION_INVALID' });
    await stage.advance(20_000);
    expect(await ref.ask('fine')).toBe(1);
  }
});

test('escapes - an id that cannot be leaves nothing behind', async () => {
  const stage = new Stage();
  const Child = define(() => ({}));
  const codes: string[] = [];
  const Parent = define((_args: undefined, ctx) => ({
    spawn(id: string) {
      try {
        ctx.spawn(Child, { id });
      } catch (error) {
        codes.push(codeOfError(error));
      }
    },
  }));
  const parent = await spawn(stage, Parent);
  for (const id of ['ok', 'ok', '?? ', '../up', '']) await parent.ask('spawn', id);
  expect(codes).toEqual(['RM_ID_TAKEN', 'RM_ID_INVALID', 'RM_ID_INVALID', 'RM_ID_INVALID']);
  const { total } = stage.system.figures();
  expect(total.actors).toBe(2);
  expect(total.spawned - total.stopped).toBe(2);
});

test('escapes - tries are counted for the one message, not for others that look like it', async () => {
  const stage = new Stage();
  let isBad = true;
  const tried: string[] = [];
  const Picky = define(
    () => ({
      job() {
        tried.push(isBad ? 'crash' : 'done');
        if (!isBad) return;
        isBad = false;
        throw new Error('once');
      },
      spoil() {
        isBad = true;
      },
    }),
    { attempts: 2 },
  );
  const ref = await spawn(stage, Picky);
  ref.tell('job');
  await stage.advance(20_000);
  await ref.ask('spoil');
  ref.tell('job');
  await stage.advance(20_000);
  expect(tried).toEqual(['crash', 'done', 'crash', 'done']);
  expect(stage.system.figures().deadLetters).toBe(0);
  expect(stage.inFlight).toBe(0);
});
