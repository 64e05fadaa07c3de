/** `ringmaster top --actors`: the actors of an inspector as a live table, ordered, filtered, ended by key. */
import { emitKeypressEvents } from 'node:readline';
import { CommandError, EXIT } from '../exit-codes.ts';
import { addressOf, type InspectorOptions } from '../inspector-address.ts';
import { connectInspector, type InspectorClient } from '../inspector-client.ts';
import { type Column, print, printable, printList, tableText } from '../output.ts';
import { ACTOR_ORDERS, type ActorLine, type ActorOrder, ActorRows } from '../top/actor-rows.ts';
import { type Key, pressed, type TableState } from '../top/keys.ts';
import { elapsedMs, every } from '../watching.ts';

/** How it is asked for. */
export type TopActorsOptions = InspectorOptions & {
  readonly role: string;
  readonly filter: string;
  readonly sort: string;
  readonly once?: boolean;
};

/** Milliseconds between two tables, and lines around one. */
const LOOK_MS = 1000;
const LINES_AROUND = 4;
const ROWS_WITHOUT_TERMINAL = 50;

const COLUMNS: readonly Column<ActorLine>[] = [
  { title: 'ACTOR', of: ({ path }) => path },
  { title: 'THREAD', of: ({ thread }) => String(thread) },
  { title: 'MAILBOX', of: ({ depth }) => String(depth) },
  { title: 'WAIT', of: ({ waitUs }) => (Number.isNaN(waitUs) ? '' : `${waitUs.toFixed(1)} us`) },
  { title: 'MESSAGES/S', of: ({ rate }) => rate.toFixed(1) },
  { title: 'HANDLED', of: ({ handled }) => String(handled) },
  { title: 'RESTARTS', of: ({ restarts }) => String(restarts) },
];

/** Until somebody has seen enough; where there is no terminal, one look. @throws CommandError */
export async function topActors(options: TopActorsOptions): Promise<void> {
  const order = ACTOR_ORDERS.find((one) => one === options.sort);
  if (order === undefined) {
    const message = `--sort is ${options.sort}; expected one of ${ACTOR_ORDERS.join(', ')}.`;
    throw new CommandError(EXIT.usage, message);
  }
  const client = await connectInspector(await addressOf(options, options.role));
  const rows = new ActorRows();
  const snapshot = new Promise<void>((resolve) => {
    client.onFrame = (frame) => {
      if (!('gone' in frame)) return;
      rows.take(frame);
      // Names may come after the first range, which is empty then.
      if (frame.isLast && rows.size > 0) resolve();
    };
  });
  await client.ask('Topics.subscribe', { topic: 'actors', hz: 2 });
  await Promise.race([snapshot, client.closed]);
  const isLive = options.once !== true && process.stdout.isTTY === true && process.stdin.isTTY;
  if (isLive) await new LiveTable(client, rows, options.filter, order).run();
  else {
    const { lines } = rows.first(options.filter, order, ROWS_WITHOUT_TERMINAL);
    const nameOf = ({ path }: ActorLine): string => path;
    await printList('table', { kind: 'Actor', items: lines, columns: COLUMNS, nameOf });
  }
  client.close();
}

class LiveTable {
  private readonly client: InspectorClient;
  private readonly rows: ActorRows;
  private state: TableState;
  private said = '';
  /** Whose end is asked for: rows move meanwhile. */
  private target: string | null = null;
  private shown: readonly ActorLine[] = [];
  private passedMs: number = elapsedMs();

  constructor(client: InspectorClient, rows: ActorRows, filter: string, order: ActorOrder) {
    this.client = client;
    this.rows = rows;
    this.state = { mode: 'list', filter, order, at: 0, reason: '' };
  }

  /** Until q, or the inspector has hung up. */
  async run(): Promise<void> {
    const { stdin } = process;
    emitKeypressEvents(stdin);
    stdin.setRawMode(true);
    try {
      const quit = new Promise<void>((resolve) => {
        stdin.on('keypress', (_text: string, key: Key) => this.key(key, resolve));
      });
      const shown = every(LOOK_MS, () => {
        this.pass();
        this.show();
        return Promise.resolve();
      });
      const hungUp = this.client.closed.then(() => {
        throw this.client.ended();
      });
      await Promise.race([quit, shown, hungUp]);
    } finally {
      stdin.setRawMode(false);
      stdin.pause();
      stdin.removeAllListeners('keypress');
    }
    process.exit(EXIT.ok);
  }

  private get mayStop(): boolean {
    return this.client.hello?.methods.includes('Actors.stop') === true;
  }

  private key(key: Key, quit: () => void): void {
    const [state, action] = pressed(this.state, key, this.mayStop);
    if (state.mode === 'reason' && this.state.mode !== 'reason') {
      this.target = this.shown[state.at]?.path ?? null;
    }
    this.state = state;
    if (action === 'quit') quit();
    else if (action === 'stop') void this.stop();
    this.show();
  }

  private async stop(): Promise<void> {
    const { reason } = this.state;
    const path = this.target;
    if (path === null) return;
    // Each wish is another one.
    const key = `top ${process.pid} ${elapsedMs()}`;
    try {
      await this.client.ask('Actors.stop', { path, reason, key });
      this.said = `${path} ends after its current message`;
    } catch (error) {
      this.said = (error as Error).message;
    }
    this.show();
  }

  private pass(): void {
    const nowMs = elapsedMs();
    this.rows.pass((nowMs - this.passedMs) / 1000);
    this.passedMs = nowMs;
  }

  private show(): void {
    const { filter, order, at, mode, reason } = this.state;
    const room = Math.max(1, (process.stdout.rows ?? 24) - LINES_AROUND);
    const { lines, matching } = this.rows.first(filter, order, room);
    this.shown = lines;
    this.state = { ...this.state, at: Math.min(at, Math.max(0, lines.length - 1)) };
    const table = tableText('table', {
      kind: 'Actor',
      items: lines,
      columns: COLUMNS,
      nameOf: ({ path }: ActorLine) => path,
    }).split('\n');
    const body = table.map((line, i) =>
      i === this.state.at + 1 ? `\u001b[7m${line}\u001b[0m` : line,
    );
    const kept = filter === '' ? '' : `, with ${filter}`;
    const where = `${matching} of ${this.rows.size} actors by ${order}${kept}`;
    const end = this.mayStop ? ', k ends it' : '';
    const help = `s order, / filter, arrows choose${end}, q quits`;
    const asks = {
      list: this.said === '' ? help : printable(this.said),
      filter: `filter: ${printable(filter)}_`,
      reason: `why is ${this.target} ended: ${printable(reason)}_`,
    }[mode];
    print(`\u001b[2J\u001b[H${printable(where)}\n${body.join('\n')}\n${asks}`);
  }
}
