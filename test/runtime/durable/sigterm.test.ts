/** SIGTERM to a program with durable actors and writers in flight: what was acknowledged is there. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { type AnyRef, start } from 'ringmaster';
import { keepStore, type LmdbStore, openLmdbStore } from 'ringmaster/store';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Account } from './definitions.mjs';

const PROGRAM = fileURLToPath(new URL('./programs/durable-program.mjs', import.meta.url));
const AGENT = fileURLToPath(new URL('../../../dist/agent/main.js', import.meta.url));
const LANES = 6;

let directory = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'rm-sigterm-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

const store = (): string => join(directory, 'store');

/** What a program has said: the last number that was acknowledged, and why the next was not. */
class Run {
  readonly acked = new Map<string, number>();
  readonly refused = new Map<string, string>();
  readonly ended: Promise<unknown[]>;
  readonly child: ChildProcess;
  count = 0;
  private readonly lines: AsyncIterator<string>;

  constructor(...args: string[]) {
    this.child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'ignore'] });
    this.ended = once(this.child, 'exit');
    const output = this.child.stdout as NodeJS.ReadableStream;
    this.lines = createInterface({ input: output })[Symbol.asyncIterator]();
  }

  /** Reads on until it is so. @returns false: there was no more to read. */
  async until(isSo: (what: string) => boolean): Promise<boolean> {
    for (;;) {
      const { done, value } = await this.lines.next();
      if (done === true) return false;
      const [what, name, number, code] = JSON.parse(value) as [string, string, number, string];
      if (what === 'ack') this.acked.set(name, number);
      if (what === 'refused') this.refused.set(name, code);
      this.count++;
      if (isSo(what)) return true;
    }
  }

  /** Under way everywhere. */
  busy(): Promise<boolean> {
    return this.until(() => this.count > 300 && this.acked.size === 2 * LANES);
  }

  /** To its end. */
  rest(): Promise<boolean> {
    return this.until(() => false);
  }
}

/** What the next process finds, lane by lane. */
async function found(): Promise<Map<string, number>> {
  const opened: LmdbStore = await openLmdbStore(store());
  const system = await start({ threads: 0 });
  await keepStore(system, opened);
  const numbers = new Map<string, number>();
  for (let i = 0; i < LANES; i++) {
    const options = { id: `a${i}`, args: { key: `a${i}` } };
    const account = (await system.spawn(Account as never, options as never)) as unknown as AnyRef;
    numbers.set(`a${i}`, ((await account.ask('state')) as { sum: number }).sum);
    const { entry } = await opened.get(`w${i}`);
    numbers.set(`w${i}`, Number(new TextDecoder().decode(entry?.value)));
  }
  await system.close();
  await opened.close();
  return numbers;
}

/** All that was acknowledged; of what was not, at most the one that was under way. */
async function expectNothingLost({ acked, refused }: Run): Promise<void> {
  for (const [name, number] of await found()) {
    const last = acked.get(name) ?? 0;
    expect(number, name).toBeGreaterThanOrEqual(last);
    // Closed means: it did not happen.
    const unknown = refused.get(name) === 'RM_STORE_CLOSED' && name.startsWith('w') ? 0 : 1;
    expect(number - last, `${name} ${refused.get(name)}`).toBeLessThanOrEqual(unknown);
  }
}

describe('SIGTERM', () => {
  test('SIGTERM - a program under load ends with 0 and loses nothing', async () => {
    // Guards: S7, P1.
    const run = new Run(PROGRAM, store());
    await run.busy();
    run.child.kill('SIGTERM');
    await run.rest();
    expect(await run.ended).toEqual([0, null]);
    // Nobody waits for ever, and everybody is told why.
    expect(run.refused.size).toBe(2 * LANES);
    for (const [name, code] of run.refused) {
      const expected = name.startsWith('w')
        ? /^RM_STORE_(CLOSED|UNKNOWN)$/
        : /^RM_(ACTOR_STOPPED|ACTOR_CRASHED|STORE_UNKNOWN|STORE_CLOSED)$/;
      expect(code, name).toMatch(expected);
    }
    await expectNothingLost(run);
  });

  test('SIGTERM - the second one is hard, and loses nothing that was acknowledged either', async () => {
    // Guards: S7, P1.
    const run = new Run(PROGRAM, store(), 'stuck');
    await run.busy();
    run.child.kill('SIGTERM');
    await run.until((what) => what === 'ending');
    run.child.kill('SIGTERM');
    await run.rest();
    // Where a commit was about to call back, it kills itself: Node would wait for that, for ever.
    expect(['1,', ',SIGKILL']).toContain(String(await run.ended));
    await expectNothingLost(run);
  });

  test('SIGTERM - an agent passes it on, waits for the program, and ends with 0', async () => {
    // Guards: S7, S5.
    const own = ['--directory', join(directory, 'agent'), '--brain-output', 'inherit'];
    const run = new Run(AGENT, ...own, '--', process.execPath, PROGRAM, store());
    await run.busy();
    run.child.kill('SIGTERM');
    await run.rest();
    expect(await run.ended).toEqual([0, null]);
    expect(run.refused.size).toBe(2 * LANES);
    await expectNothingLost(run);
  });
});
