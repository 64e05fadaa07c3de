/** Healing in sentences: what is done about each that is unwell, what that waits for, what is left. Pure. */
import type { ResultOf } from '../../protocol/schema.ts';
import { count, lasting, percent, plural } from './format.ts';

/** One service. */
export type ServiceHealing = ResultOf<'Healing.get'>['services'][number];
/** One that is not well. */
export type Unwell = ServiceHealing['unwell'][number];

/** What is done, and what the next of it waits for. Empty: nothing. */
export type Course = { readonly done: string; readonly waits: string };

/** A number of milliseconds within a sentence of the server's, as people read it. */
export function readable(text: string): string {
  return text.replace(/\b(\d+) ms\b/g, (_, ms: string) => lasting(Number(ms)));
}

/** Of one member. */
export function courseOf(service: ServiceHealing, one: Unwell): Course {
  const { treatment, waitMs, times } = one;
  const inTime = waitMs === null || waitMs === 0 ? 'now' : `in ${lasting(waitMs)}`;
  const { remedied, remediedMax } = service.counts;
  switch (treatment) {
    case 'replacing':
      return { done: 'another one is started in its place', waits: 'until that one is ready' };
    case 'next':
      return { done: 'it is to be replaced now', waits: spareText(service) };
    case 'queued':
      return {
        done: 'nothing yet',
        waits: `its turn: ${underWay(remedied, plural(remediedMax, 'replacement'))}`,
      };
    case 'backoff':
      return {
        done: `it was replaced ${timesText(times)} in a row`,
        waits: `its back-off: the next replacement may begin ${inTime}`,
      };
    case 'restarting':
      return {
        done: times < 2 ? 'it is started' : 'it is started again, later each time',
        waits:
          waitMs === 0 ? 'until it has started' : `its back-off: it is started again ${inTime}`,
      };
    case 'asking':
      return { done: 'its agent is asked', waits: 'until somebody has seen it, or its end' };
    case 'blocked':
      return { done: 'nothing: its revision was given up', waits: 'another revision, or a retry' };
    case 'watched':
      return { done: 'it is given time', waits: `something is done ${inTime}, if it stays so` };
    case 'spared':
      return { done: 'nothing', waits: sparedText(service) };
  }
}

function sparedText({ mode, isFrozen, heldBy, counts }: ServiceHealing): string {
  if (heldBy !== null) return 'until somebody has looked at the invariant that did not hold';
  if (isFrozen) return 'until it is not frozen any more';
  if (mode === 'blind') return 'until most members are seen again';
  if (counts.unwell > counts.unwellMax) {
    return `until at most ${counts.unwellMax} of ${counts.members} are unwell`;
  }
  return 'until what they have in common is mended';
}

/** Of the disruption budget. */
export function spareText({ spare }: ServiceHealing): string {
  if (spare.count > 0) return `${plural(spare.count, 'member')} may be taken away now`;
  if (spare.why === '') return 'nobody serves, so nobody is missed';
  return `nobody may be taken away now: ${readable(spare.why)}; until ${readable(spare.unblock)}`;
}

/** A limit and how much of it is used. */
export type Limit = {
  readonly name: string;
  readonly used: number;
  readonly most: number;
  readonly text: string;
  /** Beyond it: nothing is done any more. */
  readonly isOver: boolean;
};

/** All limits that healing keeps to. */
export function limitsOf(service: ServiceHealing): Limit[] {
  const { members, unwell, unwellMax, remedied, remediedMax, ejected, ejectedMax } = service.counts;
  const queued = service.unwell.filter(({ treatment }) => treatment === 'queued').length;
  const isPanic = unwell > unwellMax;
  return [
    {
      name: 'Unwell',
      used: unwell,
      most: unwellMax,
      isOver: isPanic,
      text: isPanic
        ? `${unwell} of ${members}: with more than ${unwellMax} nobody is replaced: it is not the members`
        : `${unwell} of ${members}; with more than ${unwellMax} nobody would be replaced any more`,
    },
    {
      name: 'Replacements',
      used: remedied,
      most: remediedMax,
      isOver: false,
      text: `${underWay(remedied, count(remediedMax))}${
        queued > 0 ? `; ${plural(queued, 'other')} ${queued === 1 ? 'waits' : 'wait'} for it` : ''
      }`,
    },
    {
      name: 'Out of the traffic',
      used: ejected,
      most: ejectedMax,
      isOver: ejected > ejectedMax,
      text: `${ejected} of at most ${count(ejectedMax)}`,
    },
  ];
}

/** Whether anything of it is to be shown: what is calm is one word. */
export function isCalm(service: ServiceHealing): boolean {
  const { unwell, ejections, keysCount, blocked, heldBy, mode, counts } = service;
  const listed = unwell.length + ejections.length + blocked.length;
  const has = listed + keysCount + counts.unwell + counts.ejected;
  return has === 0 && heldBy === null && (mode === 'healthy' || mode === 'watching');
}

/** What was given up until somebody looks. */
export type GivenUp = {
  readonly service: string;
  readonly what: string;
  readonly why: string;
  /** The change that ends it. */
  readonly action: 'release' | 'releaseKey' | null;
  readonly key: string;
};

/** Of one service. */
export function givenUpOf(service: ServiceHealing): GivenUp[] {
  const { service: name, mode, status, heldBy, keys, keysCount, blocked, allowedActions } = service;
  const may = (action: 'release' | 'releaseKey') =>
    allowedActions.includes(action) ? action : null;
  const given: GivenUp[] = [];
  const add = (what: string, why: string, more: Partial<GivenUp> = {}): void => {
    given.push({ service: name, what, why, action: null, key: '', ...more });
  };
  if (heldBy !== null) {
    const why = 'Nothing is taken away until somebody has looked.';
    add(`${name} is held: ${readable(heldBy)}`, why, { action: may('release') });
  }
  if (mode === 'panic' || mode === 'blind') {
    add(
      `${name} is left alone: ${readable(status)}`,
      'Nobody is replaced or taken out while that is so.',
    );
  }
  for (const { key, forMs, triedMs, ends, signature } of keys) {
    const cause = signature === null ? '' : `, the last with ${signature}`;
    const evidence = ends === 0 ? '' : `${plural(ends, 'member')} ended working on it${cause}. `;
    const why = `${evidence}For ${lasting(forMs)}; tried again by itself in ${lasting(triedMs)}.`;
    add(`${name}: nobody answers for the key ${key}`, why, { action: may('releaseKey'), key });
  }
  if (keysCount > keys.length) {
    add(
      `${name}: ${plural(keysCount - keys.length, 'key')} more`,
      'Nobody answers for them either.',
    );
  }
  for (const { version, why } of blocked) {
    add(`${name}: ${version} was given up`, readable(why));
  }
  return given;
}

/** Times out of the traffic, and when that ends. */
export function ejectionText({ why, times, leftMs }: ServiceHealing['ejections'][number]): string {
  const back = leftMs === 0 ? 'it may come back now' : `it may come back in ${lasting(leftMs)}`;
  return `${readable(why)}; out for the ${ordinal(times)} time, and ${back}`;
}

/** A share of a limit, for a bar; above 1 it is full. */
export const shareOf = ({ used, most }: Limit): number => (most === 0 ? 0 : used / most);

/** For those who do not see the bar. */
export const shareText = (limit: Limit): string => `${percent(shareOf(limit))} of its limit`;

/** Of a limit on what goes on at once. */
function underWay(value: number, most: string): string {
  return `${value} of ${most} at a time ${value === 1 ? 'is' : 'are'} under way`;
}

function timesText(times: number): string {
  return times === 1 ? 'once' : `${times} times`;
}

function ordinal(value: number): string {
  const last = value % 100 >= 11 && value % 100 <= 13 ? 0 : value % 10;
  return `${value}${['th', 'st', 'nd', 'rd'][last] ?? 'th'}`;
}
