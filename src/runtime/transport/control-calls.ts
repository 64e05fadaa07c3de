/**
 * System messages between threads: calls with an answer and casts without. They travel in the control lane, are never
 * refused and never overtaken by messages. Who serves which call is said by the parts that do (`serve`).
 */
import { runtimeError } from '../errors.ts';
import type { Peer } from './peer.ts';

type Call = {
  readonly c: 'call';
  readonly id: number;
  readonly what: string;
  readonly args: unknown;
};
type Cast = { readonly c: 'cast'; readonly what: string; readonly args: unknown };
type Done = { readonly c: 'done'; readonly id: number; readonly value: unknown };
type Failed = { readonly c: 'failed'; readonly id: number; readonly error: unknown };
type ControlMessage = Call | Cast | Done | Failed;

type Open = {
  readonly peer: Peer;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
};

/** Serves a call or a cast; may return a promise. What it throws is the caller's error. */
export type Service = (args: never, from: Peer) => unknown;

/** Thread rule: one thread's. */
export class ControlCalls {
  private readonly services = new Map<string, Service>();
  private readonly open = new Map<number, Open>();
  private ids = 0;

  serve(what: string, service: Service): void {
    this.services.set(what, service);
  }

  /** @throws (rejects) what the service throws; RM_THREAD_LOST when the thread ends first */
  call(peer: Peer, what: string, args: unknown): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const id = ++this.ids;
      peer.control({ c: 'call', id, what, args } satisfies Call);
      if (peer.isClosed) reject(lost(what));
      else this.open.set(id, { peer, resolve, reject });
    });
  }

  cast(peer: Peer, what: string, args: unknown): void {
    peer.control({ c: 'cast', what, args } satisfies Cast);
  }

  /** A control message has come. */
  receive(peer: Peer, message: ControlMessage): void {
    if (message.c === 'call') this.answer(peer, message);
    else if (message.c === 'cast')
      void this.services.get(message.what)?.(message.args as never, peer);
    else this.settle(message);
  }

  /** That worker will answer nothing any more. */
  lose(peer: Peer): void {
    for (const [id, call] of this.open) {
      if (call.peer !== peer) continue;
      this.open.delete(id);
      call.reject(lost('a system call'));
    }
  }

  private settle(message: Done | Failed): void {
    const call = this.open.get(message.id);
    this.open.delete(message.id);
    if (message.c === 'done') call?.resolve(message.value);
    else call?.reject(message.error);
  }

  private answer(peer: Peer, { id, what, args }: Call): void {
    const done = (value: unknown): void => peer.control({ c: 'done', id, value } satisfies Done);
    const failed = (error: unknown): void =>
      peer.control({ c: 'failed', id, error } satisfies Failed);
    try {
      const result = this.services.get(what)?.(args as never, peer);
      if (result instanceof Promise) result.then(done).catch(failed);
      else done(result);
    } catch (error) {
      failed(error);
    }
  }
}

function lost(what: string): Error {
  return runtimeError('RM_THREAD_LOST', `the thread ended before it answered ${what}; try again.`);
}
