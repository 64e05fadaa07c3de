/**
 * The types that carry a definition's vocabulary to its callers: what a handler takes is what
 * `tell` wants, what it returns is what `ask` gives. Types only; nothing of this exists at run
 * time.
 */

/**
 * One handler: takes a payload or nothing; returns an answer, a promise of one, a stream or
 * nothing.
 */
export type Handler = (payload: never) => unknown;

/** The messages of an actor, by name. */
export type Handlers = { readonly [name: string]: Handler };

/** Names of the messages that an actor with handlers `H` understands. */
export type MessageName<H> = keyof H & string;

/** The payload that goes with message `K`, as rest parameters: none, optional or one. */
export type PayloadArguments<H, K extends keyof H> = H[K] extends () => unknown
  ? [payload?: undefined]
  : H[K] extends (payload: infer P) => unknown
    ? undefined extends P
      ? [payload?: P]
      : [payload: P]
    : never;

/** What an `ask` for message `K` resolves to. A handler that streams is asked by `stream`. */
export type Answer<H, K extends keyof H> = H[K] extends (payload: never) => infer R
  ? Awaited<R> extends AsyncIterator<unknown> | Iterator<unknown>
    ? never
    : Awaited<R>
  : never;

/** What the stream of message `K` yields. */
export type StreamItem<H, K extends keyof H> = H[K] extends (payload: never) => infer R
  ? Awaited<R> extends AsyncIterable<infer T> | Iterable<infer T>
    ? T
    : never
  : never;
