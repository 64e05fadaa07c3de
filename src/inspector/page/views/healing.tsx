/** Healing: what is unwell, what is done about it, what that waits for, and what was given up. */
import { hashOf } from '../place/place.ts';
import { useState } from '../preact.ts';
import { crashedOf } from './crashes.ts';
import { DecisionList } from './decisions.tsx';
import { grouped, plural } from './format.ts';
import { HealingActors } from './healing-actors.tsx';
import { HealingOf } from './healing-service.tsx';
import { type GivenUp, givenUpOf, isCalm, type ServiceHealing } from './healing-words.ts';
import { Panel } from './panel.tsx';
import { serviceChoices } from './service-actions.ts';
import { useAnswer } from './use-answer.ts';
import { useChanges, useSession, useTable } from './use-session.ts';
import { WishForm } from './wish-form.tsx';

/** Milliseconds between two looks. */
const LOOK_MS = 1000;
/** Decisions of the healer; the view of decisions has the rest. */
const DECISIONS_SHOWN = 12;

/** Services that are named in the verdict. */
const NAMED_MAX = 4;

/** The view. */
export function Healing() {
  const { connection } = useSession();
  useChanges(connection.changes);
  const hasFleet = connection.knows('Healing.get');
  const { result, wrong } = useAnswer('Healing.get', hasFleet ? {} : null, LOOK_MS);
  const services = result?.services ?? [];
  const unwell = services.filter((one) => !isCalm(one));
  const calm = services.filter(isCalm);
  return (
    <div>
      <h1>Healing</h1>
      <HealingVerdict services={services} isWaiting={hasFleet && result === null} />
      <GivenUps services={services} />
      {hasFleet && result === null && <p class="nothing quiet">{wrong ?? 'Waiting …'}</p>}
      {unwell
        .filter(
          ({ unwell: rows, counts, mode }) =>
            rows.length + counts.unwell + counts.ejected > 0 || mode !== 'healthy',
        )
        .map((one) => (
          <HealingOf key={one.service} healing={one} />
        ))}
      {calm.length > 0 && (
        <p class="calm-services">
          <span class="good">✓ Nothing ails</span>{' '}
          {calm.map(({ service }, index) => (
            <span key={service}>
              {index > 0 && ', '}
              <a href={hashOf({ view: 'service', of: service })}>{service}</a>
            </span>
          ))}
        </p>
      )}
      {result !== null && result.servicesCount > services.length && (
        <p class="quiet">
          The first {services.length} of {grouped(result.servicesCount)} services: those with most
          trouble.
        </p>
      )}
      <HealingActors />
      <HealerDecisions />
    </div>
  );
}

type HealingVerdictProps = {
  readonly services: readonly ServiceHealing[];
  readonly isWaiting: boolean;
};

/** All of it in a line: red when somebody is needed, and calm when nobody is unwell. */
function HealingVerdict({ services, isWaiting }: HealingVerdictProps) {
  const { connection } = useSession();
  const { rows, state } = useTable('events');
  const crashed = crashedOf([...rows.values()], connection.serverMs());
  const given = services.flatMap(givenUpOf).length + crashed.filter((one) => one.isGivenUp).length;
  const loops = crashed.filter(({ isLoop }) => isLoop).length;
  const unwell = services.reduce((sum, { counts }) => sum + counts.unwell, 0);
  const ill = services.filter(({ counts }) => counts.unwell > 0);
  const named = ill
    .slice(0, NAMED_MAX)
    .map(({ service, counts }) => `${counts.unwell} of ${service}`);
  const others = ill.length > NAMED_MAX ? [plural(ill.length - NAMED_MAX, 'other service')] : [];
  const whose = [...named, ...others].join(', ');
  const out = services.reduce((sum, { counts }) => sum + counts.ejected, 0);
  const said = [
    ...(given > 0 ? [`${plural(given, 'thing')} given up until somebody looks`] : []),
    ...(unwell > 0 ? [`${plural(unwell, 'member')} unwell: ${whose}`] : []),
    ...(out > 0 ? [`${out} out of the traffic`] : []),
    ...(loops > 0 ? [`${plural(loops, 'actor crashes', 'actors crash')} in a loop`] : []),
    ...(crashed.length > loops
      ? [`${plural(crashed.length - loops, 'actor')} crashed of late`]
      : []),
  ];
  const isWell = said.length === 0;
  const needsHuman = given + loops > 0;
  const isKnown = state === 'known' && !isWaiting;
  const mood = !isKnown ? '' : needsHuman ? 'attention' : isWell ? 'healthy' : '';
  const text = !isKnown ? 'Looking …' : isWell ? 'Nothing is unwell' : said.join(' · ');
  return (
    <section class={`verdict ${mood}`} aria-label="Health">
      <h2>
        <span class="sign" aria-hidden="true">
          {!isKnown ? '' : needsHuman ? '▲' : isWell ? '✓' : '→'}
        </span>
        {text}
      </h2>
    </section>
  );
}

function GivenUps({ services }: { readonly services: readonly ServiceHealing[] }) {
  const given = services.flatMap((service) => givenUpOf(service).map((one) => ({ one, service })));
  if (given.length === 0) return null;
  return (
    <Panel title="Given up until somebody looks" class="needs">
      <ul class="needs-list">
        {given.map(({ one, service }) => (
          <GivenUpItem key={one.what} one={one} healing={service} />
        ))}
      </ul>
    </Panel>
  );
}

type GivenUpItemProps = { readonly one: GivenUp; readonly healing: ServiceHealing };

function GivenUpItem({ one, healing }: GivenUpItemProps) {
  const { connection } = useSession();
  const [isOpen, setIsOpen] = useState(false);
  const { action, key, service, what, why } = one;
  return (
    <li>
      <span class="sign" aria-hidden="true">
        ▲
      </span>
      <div>
        <a href={hashOf({ view: 'service', of: service })}>{what}</a>
        <p class="quiet">{why}</p>
        {action !== null && (
          <button
            type="button"
            class="plain"
            aria-expanded={isOpen}
            onClick={() => setIsOpen(!isOpen)}
          >
            Change … <span class="unseen">{what}</span>
          </button>
        )}
        {action !== null && isOpen && (
          <WishForm
            title={`Change ${service}`}
            choices={serviceChoices(
              connection,
              { ...healing, allowedActions: [action] },
              { holdAt: 0, quarantinedKey: key },
            )}
          />
        )}
      </div>
    </li>
  );
}

/** Nothing, where there is no fleet. */
function HealerDecisions() {
  const { rows, state } = useTable('decisions');
  if (state !== 'known') return null;
  const found = [...rows.values()]
    .filter(({ who }) => who === 'healer')
    .sort((a, b) => b.lastMs - a.lastMs || b.id - a.id);
  return (
    <Panel
      title="What the healer decided"
      note={<a href={hashOf({ view: 'decisions', filter: 'healer' })}>All of it</a>}
    >
      {found.length === 0 ? (
        <p class="nothing quiet">It had nothing to decide.</p>
      ) : (
        <DecisionList rows={found} most={DECISIONS_SHOWN} />
      )}
    </Panel>
  );
}
