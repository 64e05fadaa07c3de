/** One client's questions: read, checked and answered; and whatever else it may send. */
import { fc, test as property } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import { ROLES, type Role } from '../../src/inspector/access/roles.ts';
import { type Answerers, Conversation } from '../../src/inspector/protocol/conversation.ts';
import { readQuestion } from '../../src/inspector/protocol/read-question.ts';
import { Refused } from '../../src/inspector/protocol/refused.ts';
import { ERRORS, LIMITS, METHODS, type MethodName } from '../../src/inspector/protocol/schema.ts';
import { drawnFrom } from './drawn-from.ts';

const NAMES = Object.keys(METHODS) as MethodName[];
const HELLO = { id: 0, method: 'System.hello', params: { protocol: { major: 1, minor: 0 } } };

type Told = {
  readonly id: number | null;
  readonly result?: Record<string, unknown>;
  readonly error?: { readonly name: string; readonly code: number; readonly message: string };
};

/** A conversation whose answerers say what they were asked. */
function talk(role: Role, over: Partial<Answerers> = {}) {
  const told: Told[] = [];
  const asked: string[] = [];
  const failures: string[] = [];
  const answerers = Object.fromEntries(
    NAMES.map((name) => [
      name,
      async () => {
        asked.push(name);
        return {};
      },
    ]),
  ) as unknown as Answerers;
  const conversation = new Conversation({
    client: { role, from: '127.0.0.1' },
    answerers: { ...answerers, ...over },
    clocks: () => ({ nowMs: 1, nowIso: '' }),
    epoch: 'e',
    hasFleet: true,
    say: (text) => told.push(JSON.parse(text)),
    failed: (method) => failures.push(method),
  });
  const say = async (message: unknown): Promise<Told> => {
    await conversation.heard(typeof message === 'string' ? message : JSON.stringify(message));
    return told.at(-1) as Told;
  };
  return { conversation, say, told, asked, failures };
}

describe('conversation', () => {
  test('conversation - hello tells versions, the role, limits and what the role may call', async () => {
    const { say } = talk('viewer');
    const { result } = await say(HELLO);
    expect(result).toMatchObject({ protocol: { major: 1, minor: 0 }, epoch: 'e', role: 'viewer' });
    expect(METHODS['System.hello'].result.parse(result).methods).not.toContain('Actors.stop');
    expect(result?.limits).toEqual(LIMITS);
  });

  test('conversation - another major version is refused with both versions', async () => {
    const { say, asked } = talk('viewer');
    const hello = { ...HELLO, params: { protocol: { major: 2, minor: 7 } } };
    const { error } = await say(hello);
    expect(error).toMatchObject({ name: 'version', code: ERRORS.version.code });
    expect(error?.message).toMatch(/speaks version 2\.7, the server 1\.0/);
    expect((await say({ id: 1, method: 'System.figures' })).error?.name).toBe('hello-first');
    expect(asked).toEqual([]);
  });

  test('conversation - a client of a newer minor version is welcome', async () => {
    const { say } = talk('viewer');
    const { result } = await say({ ...HELLO, params: { protocol: { major: 1, minor: 9 } } });
    expect(result?.role).toBe('viewer');
  });

  // The whole table: every method, every role.
  test.each(NAMES.flatMap((name) => ROLES.map((role) => [name, role] as const)))(
    'conversation - %s of a %s',
    async (name, role) => {
      const { say, asked } = talk(role);
      await say(HELLO);
      const params = fc.sample(drawnFrom(METHODS[name].params), { numRuns: 1, seed: 1 })[0];
      const { error } = await say({ id: 5, method: name, params });
      const may = ROLES.indexOf(role) >= ROLES.indexOf(METHODS[name].role);
      const isHello = name === 'System.hello';
      if (!may) expect([error?.name, asked]).toEqual(['forbidden', []]);
      else if (isHello) expect([undefined, 'version']).toContain(error?.name);
      else expect([error, asked]).toEqual([undefined, [name]]);
    },
  );

  test('conversation - what an answerer refuses is told, what it fails with is not', async () => {
    const { say, failures } = talk('admin', {
      'System.figures': () => Promise.reject(new Error('secret of the server')),
      'DeadLetters.last': () => Promise.reject(new Refused('gone', 'no such thing')),
    });
    await say(HELLO);
    const failed = await say({ id: 1, method: 'System.figures' });
    expect(failed.error?.name).toBe('internal');
    expect(JSON.stringify(failed)).not.toContain('secret');
    expect(failures).toEqual(['System.figures']);
    const refused = await say({ id: 2, method: 'DeadLetters.last' });
    expect(refused.error).toMatchObject({ name: 'gone', message: 'no such thing' });
  });

  test('conversation - only so many questions are open', async () => {
    const ends: (() => void)[] = [];
    const { conversation, say, told } = talk('viewer', {
      'System.figures': () => new Promise((resolve) => ends.push(() => resolve({} as never))),
    });
    await say(HELLO);
    const asked = [];
    for (let id = 1; id <= LIMITS.questions; id++) {
      asked.push(conversation.heard(JSON.stringify({ id, method: 'System.figures' })));
    }
    expect((await say({ id: 99, method: 'System.figures' })).error?.name).toBe('busy');
    for (const end of ends) end();
    await Promise.all(asked);
    expect(told.filter(({ result }) => result !== undefined)).toHaveLength(LIMITS.questions + 1);
  });
});

describe('what is no question', () => {
  test.each([
    ['', 'unreadable'],
    ['{', 'unreadable'],
    ['nonsense', 'unreadable'],
    ['[]', 'malformed'],
    ['null', 'malformed'],
    ['1', 'malformed'],
    ['{}', 'malformed'],
    ['{"id":1}', 'malformed'],
    ['{"id":-1,"method":"System.hello"}', 'malformed'],
    ['{"id":1.5,"method":"System.hello"}', 'malformed'],
    ['{"id":"1","method":"System.hello"}', 'malformed'],
    ['{"id":9007199254740993,"method":"System.hello"}', 'malformed'],
    [`{"id":1,"method":"${'x'.repeat(101)}"}`, 'malformed'],
    ['{"id":1,"method":"System.hello","more":1}', 'malformed'],
    ['{"id":1,"method":"System.hello","params":{"__proto__":{"role":"admin"}}}', 'unreadable'],
    ['{"id":1,"method":"System.hello","params":{"\\u005f_proto__":1}}', 'unreadable'],
    [`{"id":1,"method":"System.hello","params":${'['.repeat(64)}${']'.repeat(64)}}`, 'unreadable'],
    ['['.repeat(200_000), 'unreadable'],
  ])('what is no question - %.60s is %s', async (text, name) => {
    expect(readQuestion(text)).toMatchObject({ error: name });
    const { say, asked } = talk('admin');
    expect((await say(text)).error?.name).toBe(name);
    expect(asked).toEqual([]);
  });

  test('what is no question - brackets in texts do not count', () => {
    const text = JSON.stringify({
      id: 1,
      method: 'System.hello',
      params: { a: '[{"\\'.repeat(99) },
    });
    expect(readQuestion(text)).toHaveProperty('question');
  });

  test.each(['constructor', 'toString', '__proto__', 'hasOwnProperty'])(
    'what is no question - %s is no method',
    async (method) => {
      const { say } = talk('admin');
      await say(HELLO);
      expect((await say({ id: 1, method })).error?.name).toBe('unknown-method');
    },
  );
});

describe('drawn from the schema', () => {
  const question = fc.constantFrom(...NAMES).chain((method) =>
    fc.record({
      id: fc.nat(),
      method: fc.constant(method),
      params: drawnFrom(METHODS[method].params),
    }),
  );

  property.prop([question], { numRuns: 2000 })(
    'drawn from the schema - what fits it reaches its answerer, or is another version',
    async (asked) => {
      const { say } = talk('admin');
      await say(HELLO);
      const { error } = await say(asked);
      expect([undefined, 'version']).toContain(error?.name);
    },
  );

  property.prop([question, fc.anything(), fc.string()], { numRuns: 2000 })(
    'drawn from the schema - what was broken in one place is answered with an error of the schema',
    async (asked, value, key) => {
      const { say, failures } = talk('admin');
      await say(HELLO);
      const broken = { ...asked, params: { ...(asked.params as object), [`x${key}`]: value ?? 0 } };
      let text = '';
      try {
        text = JSON.stringify(broken, (_, each) =>
          typeof each === 'bigint' ? String(each) : each,
        );
      } catch {
        text = key;
      }
      const { error } = await say(text);
      if (error === undefined) expect(JSON.parse(text).params).not.toHaveProperty([`x${key}`]);
      else expect(Object.keys(ERRORS)).toContain(error.name);
      expect(failures).toEqual([]);
    },
  );
});
