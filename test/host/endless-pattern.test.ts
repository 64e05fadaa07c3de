/** Expressions that would stop a brain are refused before it starts; those that people write are not. */
import { expect, test } from 'vitest';
import { endlessOf } from '../../src/host/endless-pattern.ts';

test.each([
  '(a+)+$',
  '^(\\w+\\s?)*$',
  '(token|tokentoken)+$',
  '(.*)-(.*)-(.*)-(.*)=x',
  '([a-z]+)*\\d',
])('endless pattern - %s is one', (source) => {
  expect(endlessOf(['fine', source])).toBe(source);
});

test('endless pattern - what people write is none', () => {
  const usual = [
    'hunter2[a-z-]*',
    'password=\\S+',
    '[\\w.+-]+@[\\w-]+\\.[\\w.]+',
    'Bearer [A-Za-z0-9._~+/-]+=*',
    '-----BEGIN [A-Z ]+-----[\\s\\S]*?-----END [A-Z ]+-----',
    '\\b(?:\\d[ -]?){13,16}\\b',
    'eyJ[\\w-]+\\.[\\w-]+\\.[\\w-]+',
  ];
  expect(endlessOf(usual)).toBeNull();
});
