/** What ails one service: its limits, who is unwell with what is done and waited for, who is out. */
import { hashOf } from '../place/place.ts';
import { useState } from '../preact.ts';
import { grouped, lasting } from './format.ts';
import {
  courseOf,
  ejectionText,
  limitsOf,
  readable,
  type ServiceHealing,
  shareOf,
  shareText,
  spareText,
  type Unwell,
} from './healing-words.ts';
import { Panel } from './panel.tsx';
import { Scroller } from './scroller.tsx';
import { instanceChoices } from './service-actions.ts';
import { useSession } from './use-session.ts';
import { WishForm } from './wish-form.tsx';

/** The part of the view. */
export function HealingOf({ healing }: { readonly healing: ServiceHealing }) {
  const { service, unwell, ejections, status, counts } = healing;
  return (
    <Panel
      title={service}
      note={<a href={hashOf({ view: 'service', of: service })}>The service</a>}
    >
      <p class="quiet">The healer: {readable(status)}.</p>
      <Limits healing={healing} />
      {unwell.length > 0 && <UnwellRows healing={healing} />}
      {unwell.length === 0 && counts.unwell > 0 && (
        <p class="quiet">Others have more of them, which are listed first.</p>
      )}
      {ejections.length > 0 && (
        <ul class="plain-list" aria-label={`Out of the traffic of ${service}`}>
          {ejections.map((one) => (
            <li key={one.instance}>
              <b class="warn">◷ out of the traffic</b> <code>{one.instance}</code>{' '}
              {ejectionText(one)}
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
}

function Limits({ healing }: { readonly healing: ServiceHealing }) {
  const cause = hashOf({ view: 'decisions', filter: healing.service });
  return (
    <dl class="limits">
      {limitsOf(healing).map((limit) => (
        <div key={limit.name} class={limit.isOver ? 'meter near' : 'meter'}>
          <dt>
            {limit.isOver && '▲ '}
            {limit.name}
          </dt>
          <dd>
            <span class="track" role="img" aria-label={shareText(limit)}>
              <span
                class="level"
                style={{ width: `${Math.min(100, Math.round(100 * shareOf(limit)))}%` }}
              />
            </span>
            {limit.isOver ? (
              <a class="bad" href={cause}>
                {limit.text}
              </a>
            ) : (
              <span>{limit.text}</span>
            )}
          </dd>
        </div>
      ))}
      <div class="meter">
        <dt>Disruption budget</dt>
        <dd>{spareText(healing)}</dd>
      </div>
    </dl>
  );
}

function UnwellRows({ healing }: { readonly healing: ServiceHealing }) {
  const { connection } = useSession();
  const [chosen, setChosen] = useState<string | null>(null);
  const { unwell, counts, service } = healing;
  const one = unwell.find(({ instance }) => instance !== null && instance === chosen);
  return (
    <>
      <Scroller label={`Table of what is unwell in ${service}`}>
        <table class="sentences">
          <thead>
            <tr>
              <th scope="col">Unwell</th>
              <th scope="col">Why</th>
              <th scope="col">What is done</th>
              <th scope="col">What it waits for</th>
              <th scope="col">Changes</th>
            </tr>
          </thead>
          <tbody>
            {unwell.map((row) => (
              <UnwellRow
                key={`${row.slot} ${row.instance}`}
                healing={healing}
                row={row}
                isChosen={row.instance === chosen && chosen !== null}
                choose={setChosen}
              />
            ))}
          </tbody>
        </table>
      </Scroller>
      {counts.unwell > unwell.length && (
        <p class="quiet">
          The first {unwell.length} of {grouped(counts.unwell)}.
        </p>
      )}
      {one !== undefined && one.instance !== null && (
        <WishForm
          key={one.instance}
          title={`Change ${one.instance}`}
          choices={instanceChoices(connection, { ...one, instance: one.instance })}
        />
      )}
    </>
  );
}

type UnwellRowProps = {
  readonly healing: ServiceHealing;
  readonly row: Unwell;
  readonly isChosen: boolean;
  readonly choose: (instance: string | null) => void;
};

function UnwellRow({ healing, row, isChosen, choose }: UnwellRowProps) {
  const { slot, instance, state, forMs, cause, treatment, allowedActions } = row;
  const { done, waits } = courseOf(healing, row);
  const isStuck = treatment === 'blocked' || treatment === 'spared';
  return (
    <tr>
      <th scope="row">
        <code>{instance ?? slot}</code>
        <br />
        <span class="quiet">
          {state === null ? 'nobody is there' : `${state} for ${lasting(forMs ?? 0)}`}
        </span>
      </th>
      <td data-label="Why">{readable(cause)}</td>
      <td data-label="What is done">
        {isStuck ? (
          <a class="bad" href={hashOf({ view: 'decisions', filter: healing.service })}>
            ✕ {done}
          </a>
        ) : (
          `${treatment === 'watched' ? '◷' : '→'} ${done}`
        )}
      </td>
      <td data-label="What it waits for">{waits}</td>
      <td>
        {instance !== null && allowedActions.length > 0 && (
          <button
            type="button"
            class="plain"
            aria-expanded={isChosen}
            onClick={() => choose(isChosen ? null : instance)}
          >
            Change … <span class="unseen">{instance}</span>
          </button>
        )}
      </td>
    </tr>
  );
}
