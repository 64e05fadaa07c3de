/**
 * What Erlang/OTP's supervisor did in random scenarios (recorded by
 * scripts/otp-supervisor-traces.escript), and what our machine does: the same starts, failed starts
 * and stops, in the same order, and the same end. Time is counted as OTP counts it, in whole
 * seconds; ours is exact otherwise.
 *
 * Where we differ on purpose, scenarios avoid the difference: OTP keeps the specification of a
 * transient child that ended as it should and starts it again with its siblings, ours is gone.
 */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { seededRandom } from '../../../src/runtime/ports/random.ts';
import { Backoff } from '../../../src/runtime/supervision/backoff.ts';
import { RestartWindow } from '../../../src/runtime/supervision/restart-window.ts';
import { SupervisedChild } from '../../../src/runtime/supervision/supervised-child.ts';
import {
  type ChildExit,
  SupervisorMachine,
} from '../../../src/runtime/supervision/supervisor.machine.ts';
import {
  type RestartType,
  readSupervisorOptions,
  type SupervisorStrategy,
} from '../../../src/runtime/supervision/supervisor-options.ts';

type Saw = readonly ['start' | 'fail' | 'stop', number];
type Step = readonly [number, string, readonly unknown[], readonly Saw[], boolean];
type Scenario = readonly [number, SupervisorStrategy, number, number, readonly Step[]];
type Recording = { readonly otp: string; readonly scenarios: readonly Scenario[] };

class Child extends SupervisedChild {
  readonly id: number;
  isAlive = false;

  constructor(id: number, restart: RestartType) {
    super(restart);
    this.id = id;
  }
}

/** Children that start and stop at once, as OTP's supervisor sees them, and a log of it. */
class World {
  readonly machine: SupervisorMachine<Child>;
  readonly log: Saw[] = [];
  isClosed = false;
  private readonly children = new Map<number, Child>();
  private readonly fails = new Map<number, number>();
  /** What OTP's supervisor has in its mailbox: exits, and its own "try again" behind them. */
  private readonly mailbox: (() => void)[] = [];
  private nowMs = 0;

  constructor([, strategy, restarts, periodS]: Scenario) {
    const { intensity, backoff } = readSupervisorOptions({
      intensity: { restarts, within: periodS * 1000 },
      backoff: false,
    });
    const policy = {
      window: new RestartWindow(intensity),
      backoff: new Backoff(backoff, seededRandom(1)),
    };
    this.machine = new SupervisorMachine<Child>(strategy, policy, {
      start: (child) => this.start(child),
      stop: (child) => this.stop(child),
      wait: () => expect.unreachable('there is no backoff'),
      gone: (child) => this.children.delete(child.id),
      closed: () => {
        this.isClosed = true;
      },
    });
  }

  act([second, name, args]: Step): void {
    this.nowMs = second * 1000;
    if (name === 'add') this.add(args as [number, RestartType, number]);
    else if (name === 'remove') this.machine.remove(this.child(args[0] as number));
    else if (name === 'stopAll') this.machine.stopAll();
    else this.end(args as [[number, number][], [number, ChildExit][]]);
    for (let next = this.mailbox.shift(); next !== undefined; next = this.mailbox.shift()) next();
  }

  private add([id, restart, fails]: [number, RestartType, number]): void {
    if (fails > 0) this.fails.set(id, fails);
    const child = new Child(id, restart);
    this.children.set(id, child);
    this.machine.add(child);
  }

  /** All end before the supervisor hears of the first; it hears of them in this order. */
  private end([fails, ends]: [[number, number][], [number, ChildExit][]]): void {
    for (const [id, count] of fails) this.fails.set(id, count);
    for (const [id, reason] of ends) {
      const child = this.child(id);
      const { incarnation } = child;
      child.isAlive = false;
      this.mailbox.push(() => this.machine.exited(child, incarnation, reason, this.nowMs));
    }
  }

  private start(child: Child): void {
    const fails = this.fails.get(child.id) ?? 0;
    this.fails.set(child.id, Math.max(0, fails - 1));
    this.log.push([fails > 0 ? 'fail' : 'start', child.id]);
    child.isAlive = fails === 0;
    const { incarnation } = child;
    if (fails === 0) this.machine.started(child, incarnation);
    else this.mailbox.push(() => this.machine.startFailed(child, incarnation, this.nowMs));
  }

  private stop(child: Child): void {
    if (child.isAlive) this.log.push(['stop', child.id]);
    child.isAlive = false;
    this.machine.exited(child, child.incarnation, 'shutdown', this.nowMs);
  }

  private child(id: number): Child {
    const child = this.children.get(id);
    if (child === undefined) return expect.unreachable(`no child ${id}`);
    return child;
  }
}

describe.each(['otp-burst', 'otp-window'])('supervisor against OTP - %s', (name) => {
  // A fresh recording of the installed OTP, if `npm run test:system` has made one.
  const folder = process.env.OTP_TRACES;
  const file =
    folder === undefined
      ? new URL(`./vectors/${name}.json`, import.meta.url)
      : `${folder}/${name}.json`;
  const { otp, scenarios } = JSON.parse(readFileSync(file, 'utf8')) as Recording;

  test('supervisor - the recording is of OTP and holds something', () => {
    expect(otp).toMatch(/^\d+\./);
    expect(scenarios.length).toBeGreaterThan(100);
    const saw = scenarios.flatMap(([, , , , steps]) => steps.flatMap((step) => step[3]));
    for (const what of ['start', 'fail', 'stop']) {
      expect(saw.filter(([did]) => did === what).length).toBeGreaterThan(50);
    }
    const escalated = scenarios.filter(([, , , , steps]) => steps.at(-2)?.[4] === false);
    expect(escalated.length).toBeGreaterThan(30);
  });

  // Guards: S1, S2
  test('supervisor - the same starts, stops and end as OTP in every scenario', () => {
    for (const scenario of scenarios) {
      const world = new World(scenario);
      scenario[4].forEach((step, index) => {
        world.act(step);
        const got = { saw: world.log.splice(0), isAlive: !world.isClosed };
        const why = `scenario ${scenario[0]}, step ${index}: ${JSON.stringify(step)}`;
        expect(got, why).toEqual({ saw: step[3], isAlive: step[4] });
      });
    }
  });
});
