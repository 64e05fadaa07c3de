/** What a connection needs of the world, so that its tests can be the world. */

/** What `POST /ticket` answered; no ticket: why is its status. */
export type TicketAnswer = { readonly status: number; readonly ticket?: string };

/** What a socket tells; nothing after it was closed from here. */
export type SocketEvents = {
  readonly opened: () => void;
  readonly closed: (code: number, reason: string) => void;
  readonly text: (text: string) => void;
  readonly bytes: (bytes: ArrayBuffer) => void;
};

/** An open (or opening) socket. */
export type Socket = {
  readonly send: (text: string) => void;
  /** No event follows. */
  readonly close: () => void;
};

/** The world. */
export type Ports = {
  /** Rejects when the server cannot be reached. */
  readonly ticketFor: (token: string) => Promise<TicketAnswer>;
  /** Asks for what the flight recorder holds, and saves it as a file. @returns the status */
  readonly saveRecording: (token: string) => Promise<number>;
  readonly openSocket: (protocols: readonly string[], events: SocketEvents) => Socket;
  /** Calls back once; what it returns takes that back. */
  readonly after: (ms: number, callback: () => void) => () => void;
  readonly nowMs: () => number;
  /** Milliseconds since 1970 of a moment as text. */
  readonly epochMsOf: (iso: string) => number;
  /** From 0 to 1. */
  readonly chance: () => number;
};
