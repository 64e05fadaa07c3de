/**
 * A recorded crash: what an actor was, what it was told since it began, and how it failed. Made from the
 * events of a trace, one incarnation at a time: a restart begins anew. Pure.
 */
import type { TraceEvent } from '../../inspector/index.ts';

type Params = TraceEvent['params'];

/** As it is kept in a file. */
export type CrashRecording = {
  readonly format: typeof FORMAT;
  readonly path: string;
  readonly actor: { readonly url: string; readonly name: string; readonly args: string | null };
  /** All that this incarnation was told; else the trace began in the middle of its life, or lost some. */
  readonly isWhole: boolean;
  /** The last one failed. Payloads are JavaScript expressions; null: it cannot be written as one. */
  readonly messages: readonly { readonly name: string; readonly payload: string | null }[];
  readonly error: string;
};

const FORMAT = 'ringmaster-crash-1';

/** Hears a trace until its actor fails. */
export class CrashRecorder {
  private readonly path: string;
  private actor: NonNullable<Params['actor']> | null = null;
  private incarnation: number = -1;
  private isWhole: boolean = false;
  private messages: CrashRecording['messages'][number][] = [];

  constructor(path: string) {
    this.path = path;
  }

  /** @returns the recording when the actor has failed, else null */
  hear({ actor, messages, skipped }: Params): CrashRecording | null {
    this.actor ??= actor;
    if (skipped > 0) this.isWhole = false;
    for (const { name, payload, incarnation, error } of messages) {
      if (incarnation !== this.incarnation) this.begin(incarnation, skipped);
      this.messages.push({ name, payload });
      if (error !== null && this.actor !== null) return this.recording(this.actor, error);
    }
    return null;
  }

  private begin(incarnation: number, skipped: number): void {
    const { actor } = this;
    const isFirst = this.incarnation < 0;
    this.incarnation = incarnation;
    this.messages = [];
    const sawBegin = !isFirst || (actor?.incarnation === incarnation && !actor.isMidway);
    this.isWhole = sawBegin && skipped === 0;
  }

  private recording({ url, name, args }: CrashRecording['actor'], error: string): CrashRecording {
    const { path, isWhole, messages } = this;
    return { format: FORMAT, path, actor: { url, name, args }, isWhole, messages, error };
  }
}

/** From the text of a file. @throws Error for what is none */
export function readRecording(text: string): CrashRecording {
  const data = JSON.parse(text) as Partial<CrashRecording> | null;
  if (data?.format !== FORMAT) throw new Error(`it is no recording: its format is not ${FORMAT}`);
  return data as CrashRecording;
}
