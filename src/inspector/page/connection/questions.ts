/** Questions that wait for their answers, by id. Those of a lost connection are never answered: they fail. */

/** A question was refused, or lost with its connection. `name`: of the protocol's errors, or `lost`. */
export class QuestionError extends Error {
  readonly reason: string;

  constructor(reason: string, message: string) {
    super(message);
    this.reason = reason;
  }
}

/** What an answer is. */
export type AnswerText = {
  readonly id: number | null;
  readonly result?: unknown;
  readonly error?: { readonly name: string; readonly message: string };
};

type Waiting = {
  readonly resolve: (result: unknown) => void;
  readonly reject: (why: Error) => void;
};

/** One connection's questions. */
export class Questions {
  private readonly send: (text: string) => void;
  private readonly open: Map<number, Waiting>;
  private ids: number;

  constructor(send: (text: string) => void) {
    this.send = send;
    this.open = new Map();
    this.ids = 0;
  }

  /** @throws (rejects) QuestionError */
  ask(method: string, params: unknown): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.open.set(this.tell(method, params), { resolve, reject });
    });
  }

  /** Asks what nobody waits for. @returns its id */
  tell(method: string, params: unknown): number {
    const id = ++this.ids;
    this.send(JSON.stringify({ id, method, params }));
    return id;
  }

  answered({ id, result, error }: AnswerText): void {
    const waiting = this.open.get(id ?? -1);
    if (waiting === undefined) return;
    this.open.delete(id ?? -1);
    if (error === undefined) waiting.resolve(result);
    else waiting.reject(new QuestionError(error.name, error.message));
  }

  lost(): void {
    const error = new QuestionError(
      'lost',
      'the connection was lost; what became of it is not known',
    );
    for (const { reject } of this.open.values()) reject(error);
    this.open.clear();
  }
}
