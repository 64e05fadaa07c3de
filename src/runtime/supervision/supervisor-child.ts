/**
 * What a supervisor's shell adds to the machine's view of a child: how it is begun, halted and
 * given up, and who waits for its first start or its end. Local actors, actors of other threads and
 * supervisors are three kinds of it.
 */
import type { BaseRef } from '../actor/actor-ref.ts';
import type { Exit } from '../cell/child-list.ts';
import { SupervisedChild } from './supervised-child.ts';
import type { GoneReason } from './supervisor.machine.ts';
import type { RestartType } from './supervisor-options.ts';

/** Settles a `spawn`, and every `getOrSpawn` that came meanwhile. */
export type FirstStart = {
  readonly promise: Promise<BaseRef | null>;
  readonly resolve: (ref: BaseRef | null) => void;
  readonly reject: (error: unknown) => void;
};

/** A wait for a first start. */
export function firstStart(): FirstStart {
  let resolve: FirstStart['resolve'] = () => undefined;
  let reject: FirstStart['reject'] = () => undefined;
  const promise = new Promise<BaseRef | null>((fulfil, refuse) => {
    resolve = fulfil;
    reject = refuse;
  });
  return { promise, resolve, reject };
}

/** A child of a supervisor. Thread rule: the supervisor's thread. */
export abstract class SupervisorChild extends SupervisedChild {
  /** Path in the tree. */
  readonly path: string;
  /** The wait for the first start; null once it is over. */
  firstStart: FirstStart | null;
  /** Called when it is gone. */
  readonly whenGone: (() => void)[];
  /** How the last incarnation ended. */
  lastExit: Exit;

  constructor(path: string, restart: RestartType) {
    super(restart);
    this.path = path;
    this.firstStart = null;
    this.whenGone = [];
    this.lastExit = { reason: 'normal', error: undefined };
  }

  /** Its address; null for a supervisor. */
  abstract get ref(): BaseRef | null;
  /** Starts the incarnation whose number the machine has just set. */
  abstract begin(): void;
  /** Ends the incarnation; for good, when `isFinal`. */
  abstract halt(isFinal: boolean): void;
  /** Nothing of it is wanted any more. */
  abstract abandon(reason: GoneReason): void;
}
