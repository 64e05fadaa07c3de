/**
 * Every change that a client makes goes through here: once for each key, tried before it is made, and
 * written down before and after. What cannot be written down is not done.
 *
 *   asked ──the same key──▶ the answer that it had
 *     └──▶ tried ──refused──▶ written down, refused
 *            ├──dry run──▶ written down, told
 *            └──▶ written down as begun ──▶ made ──▶ its outcome is written down
 */
import type { AuditLog } from '../access/audit-log.ts';
import type { Client } from '../protocol/conversation.ts';
import { mayCall } from '../protocol/permissions.ts';
import { Refused } from '../protocol/refused.ts';
import type { MethodName } from '../protocol/schema.ts';

/** Wishes that are remembered, so that one that is repeated is not granted twice. */
const WISHES_MAX = 1024;

/** What every change is asked with. */
export type Wish = {
  readonly key: string;
  readonly reason: string;
  readonly dryRun?: boolean | undefined;
};

/** One that is asked for. */
export type Change<R> = {
  readonly method: MethodName;
  readonly params: Wish;
  readonly client: Client;
  /** Says what would come of it, or throws (rejects) a Refused. */
  readonly tried: () => Promise<R>;
  /** Does it; as `tried` where it is refused after all. */
  readonly made: () => Promise<R>;
};

/** What changes are made of. */
export type ChangesParts = {
  readonly audit: AuditLog;
  /** For people. */
  readonly now: () => string;
};

/** What was wished for with a key. */
type Granted = { readonly wanted: string; readonly done: Promise<unknown> };

/** Thread rule: the inspector's thread. */
export class Changes {
  private readonly parts: ChangesParts;
  private readonly granted: Map<string, Granted>;

  constructor(parts: ChangesParts) {
    this.parts = parts;
    this.granted = new Map();
  }

  /** @throws (rejects) Refused, and what it fails with */
  async ask<R>(change: Change<R>): Promise<R> {
    const { method, params, client } = change;
    if (!mayCall(client.role, method)) {
      throw new Refused('forbidden', `a ${client.role} may not call ${method}`);
    }
    if (params.dryRun === true) return this.dry(change);
    const name = `${client.role} ${params.key}`;
    // A reason said in other words is the same wish.
    const wanted = JSON.stringify([method, changed(params)]);
    const known = this.granted.get(name);
    if (known !== undefined) {
      if (known.wanted === wanted) return known.done as Promise<R>;
      const message = `the key ${params.key} was used for another change; take another key`;
      throw new Refused('params', message);
    }
    const done = this.once(change, () => this.granted.delete(name));
    this.granted.set(name, { wanted, done });
    const [oldest] = this.granted.keys();
    if (this.granted.size > WISHES_MAX) this.granted.delete(oldest as string);
    return done;
  }

  private async dry<R>(change: Change<R>): Promise<R> {
    try {
      const result = await change.tried();
      this.write(change, 'dry run');
      return result;
    } catch (error) {
      if (error instanceof Refused) this.write(change, `dry run, ${outcomeOf(error)}`);
      throw error;
    }
  }

  /** `forget`: nothing came of it, and it may be asked for again with its key. */
  private async once<R>(change: Change<R>, forget: () => void): Promise<R> {
    let result: R;
    try {
      await change.tried();
      this.write(change, 'begun');
      result = await change.made();
    } catch (error) {
      // What was refused was answered.
      if (!(error instanceof Refused)) forget();
      this.write(change, outcomeOf(error));
      throw error;
    }
    this.write(change, 'done');
    return result;
  }

  private write({ method, params: all, client }: Change<unknown>, outcome: string): void {
    const { role, from } = client;
    const { now, audit } = this.parts;
    const { reason } = all;
    audit.append({ at: now(), role, from, method, params: changed(all), reason, outcome });
  }
}

/** What is to be changed, and how. */
function changed({ key, reason, dryRun, ...params }: Wish): object {
  return params;
}

function outcomeOf(error: unknown): string {
  const { message } = error as { readonly message?: unknown };
  return `${error instanceof Refused ? error.error : 'failed'}: ${String(message ?? error)}`;
}
