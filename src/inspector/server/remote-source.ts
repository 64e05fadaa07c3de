/** A source on another thread: each question is a message, each answer another. Knows no thread itself. */
import type { Source, ToInspector, ToMain } from './source.ts';

type Open = { readonly resolve: (value: never) => void; readonly reject: (error: Error) => void };

/** Thread rule: the inspector's thread. */
export class RemoteSource {
  private readonly post: (message: ToMain) => void;
  private readonly open: Map<number, Open>;
  private ids: number;

  constructor(post: (message: ToMain) => void) {
    this.post = post;
    this.open = new Map();
    this.ids = 0;
  }

  /** What is asked here is answered there. */
  readonly source: Source = {
    figures: () => this.ask('figures'),
    deadLetters: () => this.ask('deadLetters'),
    measure: (path) => this.ask('measure', path),
    metrics: () => this.ask('metrics'),
    stop: (path, dryRun) => this.ask('stop', path, dryRun),
    trace: (trace, path, budget) => this.ask('trace', trace, path, budget),
    untrace: (trace) => this.ask('untrace', trace),
    fleet: (method, params) => this.ask('fleet', method, params),
  };

  answered(message: Extract<ToInspector, { readonly kind: 'answer' | 'trouble' }>): void {
    const waiting = this.open.get(message.id);
    this.open.delete(message.id);
    if (message.kind === 'answer') waiting?.resolve(message.result as never);
    else waiting?.reject(new Error(message.message));
  }

  private ask<T>(what: keyof Source, ...args: readonly unknown[]): Promise<T> {
    const id = ++this.ids;
    return new Promise<T>((resolve, reject) => {
      this.open.set(id, { resolve, reject });
      this.post({ kind: 'ask', id, what, args });
    });
  }
}
