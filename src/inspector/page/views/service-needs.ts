/** What of one service somebody has to look at. */
import { hashOf } from '../place/place.ts';
import { readable } from './healing-words.ts';
import type { ServiceRow } from './service-rows.tsx';

/** One thing. */
export type Need = {
  readonly sign: string;
  readonly what: string;
  readonly to: string;
  /** Why, in a line or two. */
  readonly why: string;
};

/** Of a service that waits for somebody. `mayAct`: what can be done is in its view. */
export function needsOf(row: ServiceRow, mayAct: boolean): Need[] {
  const { service, state, attention, heldBy, healing, message, allowedActions } = row;
  const to = hashOf({ view: 'service', of: service });
  const verbs = mayAct ? ['promote', 'resume', 'retry', 'abort', 'undo'] : [];
  const can = verbs.filter((verb) => allowedActions.some((action) => action === verb));
  const choices = can.length === 0 ? '' : ` You can ${can.join(', ')}.`;
  const needs = attention.map((text) => ({ sign: '▲', what: `${service}: ${text}`, to, why: '' }));
  if (heldBy !== null) {
    const why = 'Nothing is changed until somebody has looked.';
    needs.push({ sign: '▲', what: `${service} is held: ${heldBy} did not hold`, to, why });
  }
  if (/^(panic|blind)\b/.test(healing)) {
    const what = `${service}: nobody is replaced`;
    needs.push({ sign: '▲', what, to: hashOf({ view: 'healing' }), why: readable(healing) });
  }
  if (state === 'paused' || state === 'aborted') {
    const sign = state === 'paused' ? '❚❚' : '✕';
    needs.push({
      sign,
      what: `${service}: its rollout is ${state}`,
      to,
      why: `${message}${choices}`,
    });
  }
  return needs;
}
