/**
 * One client's questions and their answers: hello first, a role that may not is refused, params are checked
 * before anybody sees them, and only so many questions are open. It knows no socket.
 *
 *   new ──System.hello, same major──▶ greeted ──questions──▶ …
 *    └──anything else──▶ error hello-first, and new it stays
 */

import type { Role } from '../access/roles.ts';
import { isFleetMethod } from './fleet-methods.ts';
import { isMethod, mayCall, methodsOf } from './permissions.ts';
import { readQuestion } from './read-question.ts';
import { Refused } from './refused.ts';
import {
  type Answer,
  ERRORS,
  type ErrorName,
  LIMITS,
  METHODS,
  type MethodName,
  type ParamsOf,
  PROTOCOL,
  type Question,
  type ResultOf,
} from './schema.ts';
import { wrongIn } from './words.ts';

/** Who asks. */
export type Client = {
  readonly role: Role;
  /** Address, for the audit log. */
  readonly from: string;
};

/** What answers each method; throws (rejects) a Refused, or what is an `internal` error then. */
export type Answerers = {
  readonly [M in Exclude<MethodName, 'System.hello'>]: (
    params: ParamsOf<M>,
    client: Client,
  ) => Promise<ResultOf<M>> | ResultOf<M>;
};

/** What a conversation is made of. */
export type ConversationParts = {
  readonly client: Client;
  readonly answerers: Answerers;
  /** The same moment by the server's clock, in milliseconds, and by the calendar. */
  readonly clocks: () => { readonly nowMs: number; readonly nowIso: string };
  /** Of this run of the server. */
  readonly epoch: string;
  /** Without one, what is about a fleet is unsupported. */
  readonly hasFleet: boolean;
  readonly say: (text: string) => void;
  /** An answerer failed in a way that it should not. */
  readonly failed: (method: string, error: unknown) => void;
};

/** Thread rule: the inspector's thread. */
export class Conversation {
  private readonly parts: ConversationParts;
  private isGreeted: boolean;
  private open: number;

  constructor(parts: ConversationParts) {
    this.parts = parts;
    this.isGreeted = false;
    this.open = 0;
  }

  /** One message of the client. Never rejects. */
  async heard(text: string): Promise<void> {
    const read = readQuestion(text);
    if ('error' in read) {
      this.say(answerOf(read.id, read.error, read.message));
      return;
    }
    const { question } = read;
    if (this.open >= LIMITS.questions) {
      this.say(answerOf(question.id, 'busy', `${LIMITS.questions} questions are open`));
      return;
    }
    this.open++;
    this.say(await this.answer(question));
    this.open--;
  }

  private async answer({ id, method, params }: Question): Promise<Answer> {
    if (!isMethod(method)) return answerOf(id, 'unknown-method', `there is no method ${method}`);
    if (!this.isGreeted && method !== 'System.hello') {
      return answerOf(id, 'hello-first', 'the first question has to be System.hello');
    }
    const { role } = this.parts.client;
    if (!mayCall(role, method)) {
      return answerOf(
        id,
        'forbidden',
        `${method} needs the role ${METHODS[method].role}, this is a ${role}`,
      );
    }
    if (!this.has(method)) {
      return answerOf(id, 'unsupported', `this server has no fleet, and so no ${method}`);
    }
    const parsed = METHODS[method].params.safeParse(params);
    if (!parsed.success) return answerOf(id, 'params', wrongIn(parsed.error));
    try {
      return { id, result: await this.resultOf(method, parsed.data) };
    } catch (error) {
      if (error instanceof Refused) return answerOf(id, error.error, error.message);
      this.parts.failed(method, error);
      return answerOf(id, 'internal', `${method} failed; the server's log says why`);
    }
  }

  private async resultOf(method: MethodName, params: unknown): Promise<unknown> {
    const { answerers, client } = this.parts;
    if (method === 'System.hello') return this.hello(params as ParamsOf<'System.hello'>);
    return answerers[method](params as never, client);
  }

  private hello({ protocol }: ParamsOf<'System.hello'>): ResultOf<'System.hello'> {
    if (protocol.major !== PROTOCOL.major) {
      throw new Refused(
        'version',
        `the client speaks version ${protocol.major}.${protocol.minor}, the server ` +
          `${PROTOCOL.major}.${PROTOCOL.minor}; use a client of the same major version`,
      );
    }
    this.isGreeted = true;
    const { client, epoch } = this.parts;
    const { major, minor } = PROTOCOL;
    return {
      protocol: { major, minor },
      epoch,
      role: client.role,
      ...this.parts.clocks(),
      methods: methodsOf(client.role).filter((method) => this.has(method)),
      limits: { ...LIMITS },
    };
  }

  private has(method: MethodName): boolean {
    return this.parts.hasFleet || !isFleetMethod(method);
  }

  private say(answer: Answer): void {
    this.parts.say(JSON.stringify(answer));
  }
}

function answerOf(id: number | null, name: ErrorName, message: string): Answer {
  return { id, error: { code: ERRORS[name].code, name, message } };
}
