/**
 * A world for a supervisor's machine: children that answer at once or later, in any order, as a
 * stream of numbers says. It checks every effect against what must hold whatever happens, and knows
 * no strategy's code.
 */
import { expect } from 'vitest';
import { seededRandom } from '../../../src/runtime/ports/random.ts';
import { Backoff } from '../../../src/runtime/supervision/backoff.ts';
import { RestartWindow } from '../../../src/runtime/supervision/restart-window.ts';
import { SupervisedChild } from '../../../src/runtime/supervision/supervised-child.ts';
import {
  type ChildExit,
  type GoneReason,
  SupervisorMachine,
} from '../../../src/runtime/supervision/supervisor.machine.ts';
import {
  type RestartType,
  readSupervisorOptions,
  type SupervisorOptions,
} from '../../../src/runtime/supervision/supervisor-options.ts';

export class Child extends SupervisedChild {
  readonly id: number;
  /** What there really is of it. */
  life: 'none' | 'starting' | 'running' = 'none';
  stopAsked = false;
  starts = 0;
  goneFor: GoneReason | null = null;

  constructor(id: number, restart: RestartType) {
    super(restart);
    this.id = id;
  }
}

export class MachineWorld {
  readonly machine: SupervisorMachine<Child>;
  /** Everything added and not gone, in the order of adding. */
  readonly listed: Child[] = [];
  readonly log: string[] = [];
  readonly waits = new Map<Child | null, number>();
  closedFor: string | null = null;
  nowMs = 0;
  private readonly isGroup: boolean;
  private readonly answersNow: (child: Child) => 'started' | 'failed' | 'later';
  private added = 0;

  constructor(
    options: SupervisorOptions,
    answersNow: (child: Child) => 'started' | 'failed' | 'later' = () => 'started',
  ) {
    const { strategy, intensity, backoff } = readSupervisorOptions(options);
    this.isGroup = strategy !== 'one_for_one';
    this.answersNow = answersNow;
    const policy = {
      window: new RestartWindow(intensity),
      backoff: new Backoff(backoff, seededRandom(1)),
    };
    this.machine = new SupervisorMachine<Child>(strategy, policy, {
      start: (child, kind) => this.onStart(child, kind),
      stop: (child, why) => this.onStop(child, why),
      wait: (child, delayMs) => this.waits.set(child, delayMs),
      gone: (child, reason) => this.onGone(child, reason),
      closed: (reason) => this.onClosed(reason),
    });
  }

  add(restart: RestartType): Child {
    const child = new Child(++this.added, restart);
    if (this.machine.isClosing) {
      expect(this.machine.add(child)).toBe(false);
      return child;
    }
    this.listed.push(child);
    expect(this.machine.add(child)).toBe(true);
    return child;
  }

  answerStart(child: Child, ok: boolean): void {
    if (child.life !== 'starting') return;
    child.life = ok ? 'running' : 'none';
    if (ok) this.machine.started(child, child.incarnation);
    else this.machine.startFailed(child, child.incarnation, this.nowMs);
  }

  /** It ends, whether asked to or not. */
  end(child: Child, reason: ChildExit): void {
    if (child.life === 'none') return;
    child.life = 'none';
    this.machine.exited(child, child.incarnation, reason, this.nowMs);
  }

  /** Says again what was true of an incarnation before this one; nothing may come of it. */
  sayLate(child: Child): void {
    const before = [this.log.length, child.status];
    this.machine.exited(child, child.incarnation - 1, 'crash', this.nowMs);
    this.machine.started(child, child.incarnation - 1);
    this.machine.startFailed(child, child.incarnation - 1, this.nowMs);
    expect([this.log.length, child.status]).toEqual(before);
  }

  waitOver(child: Child | null): void {
    const delayMs = this.waits.get(child);
    if (delayMs === undefined) return;
    this.waits.delete(child);
    this.nowMs += delayMs;
    this.machine.waited(child);
  }

  /** Answers everything well until nothing is left to answer. */
  settle(): void {
    for (let round = 0; round < 10_000; round++) {
      const asked = this.listed.find((child) => child.stopAsked && child.life !== 'none');
      const starting = this.listed.find((child) => child.life === 'starting');
      const [waiting] = this.waits.keys();
      if (asked !== undefined) this.end(asked, 'shutdown');
      else if (starting !== undefined) this.answerStart(starting, true);
      else if (waiting !== undefined) this.waitOver(waiting);
      else return;
    }
    expect.unreachable('it does not come to rest');
  }

  take(): string[] {
    return this.log.splice(0);
  }

  private onStart(child: Child, kind: string): void {
    this.log.push(`start ${child.id}`);
    expect(child.life, 'never two at once').toBe('none');
    expect(this.closedFor).toBe(null);
    expect(this.machine.isClosing).toBe(false);
    expect(kind).toBe(child.hasRun ? 'restart' : 'first');
    expect(child.incarnation).toBe(++child.starts);
    if (this.isGroup) this.expectEarlierAlive(child);
    child.life = 'starting';
    child.stopAsked = false;
    const answer = this.answersNow(child);
    if (answer !== 'later') this.answerStart(child, answer === 'started');
  }

  private expectEarlierAlive(child: Child): void {
    for (const other of this.listed) {
      if (other === child) return;
      expect(other.life === 'none' && !other.stopAsked, `${other.id} before ${child.id}`).toBe(
        false,
      );
    }
  }

  private onStop(child: Child, why: string): void {
    this.log.push(`stop ${child.id}`);
    expect(child.life, 'only what is there is stopped').not.toBe('none');
    expect(child.stopAsked, 'asked once').toBe(false);
    child.stopAsked = true;
    if (why !== 'sibling' && !this.machine.isClosing) return;
    for (const other of this.listed.slice(this.listed.indexOf(child) + 1)) {
      expect(other.life, `${other.id} after ${child.id}`).toBe('none');
    }
  }

  private onGone(child: Child, reason: GoneReason): void {
    expect([child.goneFor, child.life]).toEqual([null, 'none']);
    child.goneFor = reason;
    this.waits.delete(child);
    this.listed.splice(this.listed.indexOf(child), 1);
  }

  private onClosed(reason: string): void {
    expect([this.closedFor, this.listed]).toEqual([null, []]);
    this.closedFor = reason;
    this.waits.clear();
  }
}
