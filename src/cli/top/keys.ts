/**
 * What keys do in a live table: order, filter, choose, end an actor with a reason.
 *
 *   list ── / ──▶ filter ── Enter, Esc ──▶ list
 *     └─── k ──▶ reason ── Enter ──▶ the actor is ended ──▶ list
 *                   └───── Esc ──▶ list
 *
 * Pure.
 */
import { ACTOR_ORDERS, type ActorOrder } from './actor-rows.ts';

/** Where somebody is in the table. */
export type TableState = {
  readonly mode: 'list' | 'filter' | 'reason';
  readonly filter: string;
  readonly order: ActorOrder;
  /** Row that is chosen, from 0. */
  readonly at: number;
  readonly reason: string;
};

/** What is to be done beside showing it. */
export type TableAction = 'none' | 'quit' | 'stop';

/** A key as Node names it. */
export type Key = {
  readonly name?: string | undefined;
  readonly ctrl?: boolean | undefined;
  readonly sequence?: string | undefined;
};

type Next = readonly [TableState, TableAction];

/** `mayStop`: the role may end actors. */
export function pressed(state: TableState, key: Key, mayStop: boolean): Next {
  if (key.ctrl === true && key.name === 'c') return [state, 'quit'];
  if (state.mode === 'filter') return typed(state, 'filter', key, 'none');
  if (state.mode === 'reason') return typed(state, 'reason', key, 'stop');
  return inList(state, key, mayStop);
}

function inList(state: TableState, { name, sequence }: Key, mayStop: boolean): Next {
  const { order, at } = state;
  if (name === 'q') return [state, 'quit'];
  if (name === 'up') return [{ ...state, at: Math.max(0, at - 1) }, 'none'];
  if (name === 'down') return [{ ...state, at: at + 1 }, 'none'];
  if (sequence === '/') return [{ ...state, mode: 'filter' }, 'none'];
  if (name === 'k' && mayStop) return [{ ...state, mode: 'reason', reason: '' }, 'none'];
  if (name === 's') {
    const next = ACTOR_ORDERS[(ACTOR_ORDERS.indexOf(order) + 1) % ACTOR_ORDERS.length];
    return [{ ...state, order: next ?? order, at: 0 }, 'none'];
  }
  return [state, 'none'];
}

/** `done`: what Enter does; without a reason nothing is ended. */
function typed(
  state: TableState,
  field: 'filter' | 'reason',
  { name, ctrl, sequence = '' }: Key,
  done: TableAction,
): Next {
  const text = state[field];
  if (name === 'escape') return [{ ...state, mode: 'list', [field]: '' }, 'none'];
  if (name === 'return' || name === 'enter') {
    const isWanted = done === 'none' || text.trim() !== '';
    return [{ ...state, mode: 'list' }, isWanted ? done : 'none'];
  }
  if (name === 'backspace') return [{ ...state, [field]: text.slice(0, -1), at: 0 }, 'none'];
  // One printable character; what a terminal sends for other keys begins with an escape.
  const isText =
    ctrl !== true && [...sequence].length === 1 && sequence >= ' ' && sequence !== '\x7f';
  return [
    isText ? { ...state, [field]: text + sequence, at: field === 'filter' ? 0 : state.at } : state,
    'none',
  ];
}
