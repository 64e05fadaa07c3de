/** How a command ends, for scripts; documented in docs/cli.md. */
export const EXIT = {
  ok: 0,
  failed: 1,
  usage: 2,
  /** Something is degraded, or was aborted. */
  degraded: 3,
  /** It waits for a human. */
  waiting: 4,
  /** No host answers, or not to this user. */
  unreachable: 5,
  /** What is asked for contradicts what is there. */
  conflict: 6,
  /** `diff` found changes. */
  changes: 7,
  timeout: 124,
  interrupted: 130,
} as const;

/** One of them. */
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** An end that is not 0, with what a person should read: what, why, and what to try. */
export class CommandError extends Error {
  readonly exitCode: ExitCode;

  constructor(exitCode: ExitCode, message: string) {
    super(message);
    this.name = 'CommandError';
    this.exitCode = exitCode;
  }
}

/** Nobody answered: a host that was there may be starting again. */
export function isUnreachable(error: unknown): boolean {
  return error instanceof CommandError && error.exitCode === EXIT.unreachable;
}
