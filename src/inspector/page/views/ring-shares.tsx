/** Who owns how much of a ring, how even that is, and what moved when it changed. */

import type { ResultOf } from '../../protocol/schema.ts';
import { memberStep } from '../charts/donut.tsx';
import { paletteOf } from '../charts/palette.ts';
import { hashOf } from '../place/place.ts';
import { count, plural } from './format.ts';
import { Panel } from './panel.tsx';
import {
  balanceOf,
  becauseOf,
  exactly,
  isWasteful,
  movedText,
  type RingShown,
  type RingStep,
} from './ring-words.ts';
import { Scroller } from './scroller.tsx';
import { useChanges, useSession } from './use-session.ts';

/** Of the newest change; the others are one line each. */
const FLOWS_SHOWN = 6;

/** `owners`: of the key that is looked up; null: none is. */
export type MembersProps = {
  readonly ring: RingShown;
  readonly owners: ResultOf<'Ring.owners'> | null;
};

/** The table, and how even it is. */
export function Members({ ring, owners }: MembersProps) {
  const { theme } = useSession();
  useChanges(theme.changes);
  const { steps } = paletteOf(theme.isDark);
  const { members } = ring;
  const weights = members.reduce((sum, { weight }) => sum + weight, 0);
  // Of a shard every zone has a slot, and each of them all of its keys: together more than all keys.
  const copies = members.reduce((sum, { owned }) => sum + (owned ?? 0), 0) || 1;
  return (
    <div>
      <Balance ring={ring} />
      <Scroller label="Table of members">
        <table>
          <thead>
            <tr>
              <th scope="col">Member</th>
              <th scope="col" class="number">
                Weight
              </th>
              <th scope="col" class="number">
                Share by weight
              </th>
              <th scope="col" class="number">
                Share measured
              </th>
              <th scope="col">Key</th>
            </tr>
          </thead>
          <tbody>
            {members.map(({ slot, weight, owned }, index) => {
              const order = owners?.owners.findIndex((owner) => owner.slot === slot) ?? -1;
              return (
                <tr key={slot}>
                  <th scope="row">
                    <span class="swatch" style={{ background: steps[memberStep(index)] }} />{' '}
                    <code>{slot}</code>
                  </th>
                  <td class="number">{count(weight)}</td>
                  <td class="number">{exactly((copies * weight) / weights)}</td>
                  <td class="number">{owned === null ? '–' : exactly(owned)}</td>
                  <td>{order < 0 ? '' : order === 0 ? 'asked first' : `asked ${order + 1}.`}</td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </Scroller>
      {copies > 1.5 && (
        <p class="quiet">Each key is in every zone: all slots of a shard have the same share.</p>
      )}
    </div>
  );
}

/** A bar from even to the limit. */
function Balance({ ring }: { readonly ring: RingShown }) {
  const balance = balanceOf(ring);
  if (balance === null) return <p class="quiet">Its shares are being measured …</p>;
  const { used, isOver, text } = balance;
  return (
    <dl class="limits">
      <div class={isOver ? 'meter near' : 'meter'}>
        <dt>{isOver && '▲ '}Largest share</dt>
        <dd>
          <span class="track" role="img" aria-label={`${Math.round(100 * used)} % of its limit`}>
            <span class="level" style={{ width: `${Math.min(100, Math.round(100 * used))}%` }} />
          </span>
          {isOver ? (
            <a class="bad" href={hashOf({ view: 'decisions', filter: `${ring.service} hashring` })}>
              {text}
            </a>
          ) : (
            <span>{text}</span>
          )}
        </dd>
      </div>
    </dl>
  );
}

/** What moved, the newest first. */
export function Changes({ ring: { service, changes } }: { readonly ring: RingShown }) {
  const [newest] = changes;
  const decisions = hashOf({ view: 'decisions', filter: `${service} hashring` });
  return (
    <Panel title="What moved" note={<a href={decisions}>Why, in the decisions</a>}>
      <p class="unseen" role="status">
        {newest === undefined ? '' : movedText(newest)}
      </p>
      {changes.length === 0 ? (
        <p class="nothing quiet">It has not changed, as far as the decisions go back.</p>
      ) : (
        <ol class="events">
          {changes.map((step, index) => (
            <li key={step.to} class="moved">
              <p>
                {isWasteful(step) ? (
                  <a class="bad" href={decisions}>
                    ▲ {movedText(step)}
                  </a>
                ) : (
                  <b>{movedText(step)}</b>
                )}
              </p>
              <p class="quiet">{becauseOf(step)}</p>
              {index === 0 && <Flows step={step} />}
            </li>
          ))}
        </ol>
      )}
    </Panel>
  );
}

function Flows({ step: { flows, flowsCount } }: { readonly step: RingStep }) {
  if (flows.length === 0) return null;
  const left = flowsCount - Math.min(flows.length, FLOWS_SHOWN);
  return (
    <ul class="flows" aria-label="From whom to whom">
      {flows.slice(0, FLOWS_SHOWN).map(({ from, to, share }) => (
        <li key={`${from} ${to}`}>
          <code>{from}</code> → <code>{to}</code> {exactly(share)}
        </li>
      ))}
      {left > 0 && <li class="quiet">and {plural(left, 'part')} more</li>}
    </ul>
  );
}
