/** Who is let in, as pure machines: tokens, tickets, names, the audit log. */
import {
  chmodSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { AuditLog, checkedAudit } from '../../src/inspector/access/audit-log.ts';
import { loopbackNames, OriginRules } from '../../src/inspector/access/origin-rules.ts';
import { mayAct, ROLES } from '../../src/inspector/access/roles.ts';
import { TICKET_MS, Tickets } from '../../src/inspector/access/tickets.ts';
import { Tokens } from '../../src/inspector/access/tokens.ts';

let directory = '';
let secrets = 0;
const secretText = (): string => `a${(++secrets).toString(16).padStart(63, '0')}`;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'ringmaster-inspect-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

const tokens = (): Tokens => new Tokens({ directory: join(directory, 'in'), secretText });
const tokenOf = (one: Tokens, role: (typeof ROLES)[number]): string =>
  readFileSync(one.path(role), 'utf8').trim();

describe('tokens', () => {
  test('tokens - each role has one of its own, in a file for its owner alone', () => {
    const own = tokens();
    for (const role of ROLES) {
      expect(tokenOf(own, role)).toMatch(/^[0-9a-f]{64}$/);
      expect(statSync(own.path(role)).mode & 0o777).toBe(0o600);
      expect(own.roleOf(tokenOf(own, role))).toBe(role);
    }
    expect(new Set(ROLES.map((role) => tokenOf(own, role))).size).toBe(3);
  });

  test('tokens - they are the same after a restart, and nothing else is one', () => {
    const first = tokens();
    const token = tokenOf(first, 'admin');
    expect(tokens().roleOf(token)).toBe('admin');
    for (const other of ['', token.slice(1), `${token}0`, token.toUpperCase()]) {
      expect(first.roleOf(other)).toBeNull();
    }
  });

  test('tokens - a file that others can read, or with something else in it, is refused', () => {
    const own = tokens();
    chmodSync(own.path('viewer'), 0o640);
    expect(tokens).toThrow(/RM_INSPECT_TOKEN.*mode 640/);
    chmodSync(own.path('viewer'), 0o600);
    writeFileSync(own.path('viewer'), 'secret');
    expect(tokens).toThrow(/holds 6 characters; expected 64/);
  });
});

describe('a token that others could know', () => {
  test('a token that others could know - a directory that others can write to is refused', () => {
    chmodSync(directory, 0o777);
    expect(() => new Tokens({ directory, secretText })).toThrow(
      /RM_INSPECT_TOKEN.*mode 777.*chmod go-w/,
    );
    chmodSync(directory, 0o700);
  });

  test('a token that others could know - a link to a file is refused', () => {
    const own = tokens();
    renameSync(own.path('admin'), join(directory, 'elsewhere'));
    symlinkSync(join(directory, 'elsewhere'), own.path('admin'));
    expect(tokens).toThrow(/RM_INSPECT_TOKEN/);
  });
});

describe('tickets', () => {
  test('tickets - one is good once, and for thirty seconds', () => {
    const tickets = new Tickets(secretText);
    const ticket = tickets.issue('operator', 0) as string;
    expect(tickets.take(ticket, TICKET_MS - 1)).toBe('operator');
    expect(tickets.take(ticket, TICKET_MS - 1)).toBeNull();
    const late = tickets.issue('viewer', 0) as string;
    expect(tickets.take(late, TICKET_MS)).toBeNull();
  });

  test('tickets - there are only so many, and room again when they have run out', () => {
    const tickets = new Tickets(secretText);
    for (let count = 0; count < 256; count++) expect(tickets.issue('viewer', 0)).not.toBeNull();
    expect(tickets.issue('viewer', TICKET_MS - 1)).toBeNull();
    // A viewer does not keep others out.
    expect(tickets.issue('admin', TICKET_MS - 1)).not.toBeNull();
    expect(tickets.issue('viewer', TICKET_MS)).not.toBeNull();
  });
});

describe('names', () => {
  const rules = new OriginRules(
    'http',
    [...loopbackNames(8080), 'ops.example:8080'],
    ['https://panel.example'],
  );

  test.each(['localhost:8080', '127.0.0.1:8080', '[::1]:8080', 'ops.example:8080'])(
    'names - %s is its own, and so are its pages',
    (name) => {
      expect(rules.refusal(['Host', name])).toBeNull();
      expect(rules.refusal(['host', name, 'Origin', `http://${name}`])).toBeNull();
      expect(rules.refusal(['host', name, 'origin', 'https://panel.example'])).toBeNull();
    },
  );

  // Rebinding: somebody's own name that points here, and other ways to write the address.
  test.each([
    'evil.example:8080',
    'localhost6:8080',
    'localhost.:8080',
    'LOCALHOST:8080',
    'localhost',
    'localhost:8081',
    '127.0.0.1',
    '127.1:8080',
    '2130706433:8080',
    '0x7f000001:8080',
    '0.0.0.0:8080',
    '[::ffff:127.0.0.1]:8080',
    'localhost:8080.evil.example',
    'user@localhost:8080',
    '',
  ])('names - %s is none of its names', (name) => {
    expect(rules.refusal(['Host', name])).toBe('host');
  });

  test('names - no Host, or two of them, is none', () => {
    expect(rules.refusal([])).toBe('host');
    expect(rules.refusal(['Host', 'localhost:8080', 'host', 'localhost:8080'])).toBe('host');
  });

  test.each([
    'null',
    'http://evil.example',
    'https://localhost:8080',
    'http://localhost:8081',
    'http://localhost:8080/',
    'http://localhost.:8080',
    'https://panel.example.evil.example',
    '',
  ])('names - a page of %s is refused', (origin) => {
    expect(rules.refusal(['Host', 'localhost:8080', 'Origin', origin])).toBe('origin');
  });

  test('names - two origins are refused', () => {
    const twice = ['Origin', 'http://localhost:8080', 'Origin', 'http://localhost:8080'];
    expect(rules.refusal(['Host', 'localhost:8080', ...twice])).toBe('origin');
  });
});

test('roles - each may do what the ones before it may', () => {
  const may = ROLES.map((role) => ROLES.filter((needed) => mayAct(role, needed)));
  expect(may).toEqual([['viewer'], ['viewer', 'operator'], ['viewer', 'operator', 'admin']]);
});

describe('audit log', () => {
  const path = (): string => join(directory, 'audit.jsonl');
  const entry = (reason: string) => ({
    at: '2026-01-01T00:00:00.000Z',
    role: 'admin',
    from: '127.0.0.1',
    method: 'Actors.stop',
    params: { path: '/user/a' },
    reason,
    outcome: 'begun',
  });
  function write(...reasons: readonly string[]): void {
    const log = new AuditLog(path());
    for (const reason of reasons) log.append(entry(reason));
    log.close();
  }

  test('audit log - lines follow from each other, over restarts', () => {
    write('one', 'two');
    write('three');
    const text = readFileSync(path(), 'utf8');
    expect(checkedAudit(text, path()).seq).toBe(3);
    const lines = text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines.map(({ reason }) => reason)).toEqual(['one', 'two', 'three']);
    expect(lines[1].before).toBe(lines[0].hash);
    expect(statSync(path()).mode & 0o777).toBe(0o600);
  });

  test('audit log - what forges a line is text in it', () => {
    write('x","hash":"0"}\n{"seq":9\u001b[2J\u009b2J\u007f');
    expect(readFileSync(path(), 'utf8').trimEnd().split('\n')).toHaveLength(1);
    for (const control of ['\u001b', '\u009b', '\u007f']) {
      expect(readFileSync(path(), 'utf8')).not.toContain(control);
    }
    expect(JSON.parse(readFileSync(path(), 'utf8')).reason).toContain('\u009b2J\u007f');
    write('after');
  });

  test('audit log - a line that was changed, removed, added or moved is found', () => {
    write('one', 'two', 'three');
    const lines = readFileSync(path(), 'utf8').trimEnd().split('\n') as [string, string, string];
    const [one, two, three] = lines;
    const forged = [
      [one.replace('"one"', '"won"'), two, three],
      [one, three],
      [two, three],
      [one, two, two, three],
      [one, three, two],
    ];
    for (const list of forged) {
      writeFileSync(path(), `${list.join('\n')}\n`);
      expect(() => new AuditLog(path())).toThrow(/RM_INSPECT_AUDIT: line [123] /);
    }
  });

  test('audit log - a second writer is noticed, and writes nothing', () => {
    const [one, two] = [new AuditLog(path()), new AuditLog(path())];
    one.append(entry('one'));
    expect(() => two.append(entry('two'))).toThrow(/RM_INSPECT_AUDIT: another one has written/);
    one.append(entry('three'));
    one.close();
    two.close();
    expect(checkedAudit(readFileSync(path(), 'utf8'), path()).seq).toBe(2);
  });

  test('audit log - one that is refused is left as it is', () => {
    writeFileSync(path(), 'no line\nand half of one');
    expect(() => new AuditLog(path())).toThrow(/RM_INSPECT_AUDIT/);
    expect(readFileSync(path(), 'utf8')).toBe('no line\nand half of one');
  });

  test('audit log - a line that a crash cut off had told nobody that it is there', () => {
    write('one', 'two');
    const text = readFileSync(path(), 'utf8');
    writeFileSync(path(), text.slice(0, -20));
    write('three');
    const lines = readFileSync(path(), 'utf8').trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line).reason)).toEqual(['one', 'three']);
  });
});
