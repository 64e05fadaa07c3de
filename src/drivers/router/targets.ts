/**
 * The instances that this router sends requests to: their connections, what they have under way and
 * whether their connections fail. One object for each instance, through all tables that name it: an
 * instance that has left every table finishes what it has, and gets nothing new.
 */
import { Pool } from '../http-client.ts';
import { ConnectionEjection } from './connection-ejection.ts';
import type { Candidate } from './route-choice.ts';
import type { RouteLine, SaidLine } from './router-protocol.ts';
import type { Measured } from './window-recorder.ts';

/** To an instance of this machine, which accepts at once or is gone. Milliseconds. */
export const CONNECT_MS = 2000;
/** A connection that is idle for so long is closed, before the instance closes it. Milliseconds. */
const KEEP_ALIVE_MS = 4000;
/** Of the head of an answer, in bytes. */
const HEAD_BYTES_MAX = 65_536;

/** One instance. Thread rule: one thread. */
export class Target implements Candidate, Measured {
  readonly service: string;
  readonly slot: string;
  readonly instance: string;
  readonly revision: string;
  readonly isBaseline: boolean;
  readonly zone: string;
  readonly port: number;
  readonly pool: Pool;
  readonly ejection: ConnectionEjection = new ConnectionEjection();
  underWay = 0;
  /** Requests that it was given so far. */
  turns = 0;
  /** In no table, and its connections are closed. */
  isClosed = false;

  constructor(service: string, line: RouteLine) {
    const { slot, instance, revision, isBaseline, zone, port } = line;
    this.service = service;
    this.slot = slot;
    this.instance = instance;
    this.revision = revision;
    this.isBaseline = isBaseline;
    this.zone = zone;
    this.port = port;
    this.pool = new Pool(`http://127.0.0.1:${port}`, {
      pipelining: 1,
      connectTimeout: CONNECT_MS,
      keepAliveTimeout: KEEP_ALIVE_MS,
      keepAliveMaxTimeout: KEEP_ALIVE_MS,
      maxHeaderSize: HEAD_BYTES_MAX,
    });
  }

  get outUntilMs(): number {
    return this.ejection.untilMs;
  }

  /** Whether a line says the same of it: another place or version is another target. */
  is(line: RouteLine): boolean {
    return (
      this.port === line.port &&
      this.slot === line.slot &&
      this.revision === line.revision &&
      this.isBaseline === line.isBaseline &&
      this.zone === line.zone
    );
  }
}

/** Of one service. */
export class Targets {
  private readonly service: string;
  private readonly known: Map<string, Target> = new Map();
  /** In no table any more, with requests under way. */
  private readonly leaving: Set<Target> = new Set();

  constructor(service: string) {
    this.service = service;
  }

  /** With the places of those that are known where none is said, without those that have none. */
  placed(lines: readonly SaidLine[]): readonly RouteLine[] {
    return lines.flatMap((line) => {
      const port = line.port ?? this.known.get(line.instance)?.port;
      return port === undefined ? [] : [{ ...line, port }];
    });
  }

  /** Those of a table; all others leave. */
  take(lines: readonly RouteLine[]): readonly Target[] {
    const targets = lines.map((line) => {
      const known = this.known.get(line.instance);
      if (known?.is(line)) return known;
      const target = new Target(this.service, line);
      if (known !== undefined) this.leave(known);
      this.known.set(line.instance, target);
      return target;
    });
    const stay = new Set(targets);
    for (const target of this.known.values()) {
      if (stay.has(target)) continue;
      this.known.delete(target.instance);
      this.leave(target);
    }
    return targets;
  }

  /** All that may have something under way. */
  *all(): Iterable<Target> {
    yield* this.known.values();
    for (const target of this.leaving) {
      // A tunnel is no request of the pool.
      if (target.isClosed && target.underWay === 0) this.leaving.delete(target);
      else yield target;
    }
  }

  private leave(target: Target): void {
    this.leaving.add(target);
    // What was given to it is finished first.
    const closed = (): void => {
      target.isClosed = true;
    };
    target.pool.close().then(closed, closed);
  }
}
