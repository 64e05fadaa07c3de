/**
 * What a page shows when it opens its socket, since a browser cannot send a token there: good once, and
 * for thirty seconds. A pure machine: time and chance come in.
 */
import type { Role } from './roles.ts';

/** Milliseconds that a ticket is good for. Lower: a page that is slow to connect must ask again. */
export const TICKET_MS = 30_000;
/** Tickets of a role that nobody has used. Higher: more pages may open at once. */
const TICKETS_MAX = 256;

type Ticket = { readonly role: Role; readonly untilMs: number };

/** Thread rule: the inspector's thread. */
export class Tickets {
  private readonly secretText: () => string;
  private readonly open: Map<string, Ticket>;

  constructor(secretText: () => string) {
    this.secretText = secretText;
    this.open = new Map();
  }

  /** Null: too many of the role are open; wait until one is used or has run out. */
  issue(role: Role, nowMs: number): string | null {
    this.forget(nowMs);
    let count = 0;
    for (const ticket of this.open.values()) if (ticket.role === role) count++;
    if (count >= TICKETS_MAX) return null;
    const ticket = this.secretText();
    this.open.set(ticket, { role, untilMs: nowMs + TICKET_MS });
    return ticket;
  }

  /** Whose it is, once. Null: nobody's, used already, or too late. */
  take(ticket: string, nowMs: number): Role | null {
    this.forget(nowMs);
    const found = this.open.get(ticket);
    this.open.delete(ticket);
    return found?.role ?? null;
  }

  /** The oldest come first. */
  private forget(nowMs: number): void {
    for (const [ticket, { untilMs }] of this.open) {
      if (untilMs > nowMs) break;
      this.open.delete(ticket);
    }
  }
}
