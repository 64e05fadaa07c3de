/** The hash ring of a sharded service: who owns how much, who answers for a key, what a change would move. */
import type { ResultOf } from '../../protocol/schema.ts';
import { Donut } from '../charts/donut.tsx';
import { hashOf } from '../place/place.ts';
import { useState } from '../preact.ts';
import { count, percent, plural } from './format.ts';
import { Nothing, Panel } from './panel.tsx';
import { Changes, Members } from './ring-shares.tsx';
import { useAnswer } from './use-answer.ts';
import { usePlace, useTable } from './use-session.ts';

/** Milliseconds between two looks. */
const LOOK_MS = 2000;

/** The view. */
export function Ring() {
  const { of } = usePlace();
  const table = useTable('services');
  const sharded = [...table.rows.values()].filter(({ generation }) => generation !== null);
  const service = of === '' ? (sharded[0]?.service ?? '') : of;
  return (
    <div>
      <h1>Hash ring</h1>
      {sharded.length > 1 && (
        <nav class="crumbs" aria-label="Sharded services">
          {sharded.map((one) => (
            <a
              key={one.service}
              href={hashOf({ view: 'ring', of: one.service })}
              aria-current={one.service === service ? 'page' : undefined}
            >
              {one.service}
            </a>
          ))}
        </nav>
      )}
      {service === '' ? (
        <Nothing state={table.state} text="No service has a ring." />
      ) : (
        <RingOf key={service} service={service} />
      )}
    </div>
  );
}

function RingOf({ service }: { readonly service: string }) {
  const { result: ring, wrong } = useAnswer('Ring.get', { service }, LOOK_MS);
  const [key, setKey] = useState('');
  const owners = useOwners(service, key);
  if (ring === null) return <p class="nothing quiet">{wrong ?? 'Waiting for the server …'}</p>;
  return (
    <>
      <Panel title={`Ring of ${service}`} note={aboutOf(ring)}>
        <div class="ring-parts">
          <Donut
            members={ring.members.map(({ slot, weight, owned }) => {
              return { name: slot, weight: owned ?? weight };
            })}
            marked={(owners?.owners ?? []).map(({ slot }) => slot)}
          />
          <Members ring={ring} owners={owners} />
        </div>
        {ring.moved > 0 && (
          <p class="quiet">
            {plural(ring.moved, 'slice')} of 1,024 go elsewhere because they are hot; the shares are
            those of the table.
          </p>
        )}
      </Panel>
      <Changes ring={ring} />
      <Panel title="Who answers for a key">
        <label for="ring-key">Key</label>{' '}
        <input
          id="ring-key"
          type="text"
          autocomplete="off"
          spellcheck={false}
          value={key}
          onInput={({ currentTarget }) => setKey(currentTarget.value)}
        />
        <p role="status">{owners === null ? '' : answerOf(owners)}</p>
      </Panel>
      <WhatIf service={service} />
    </>
  );
}

function aboutOf({ generation, algorithm, sections }: ResultOf<'Ring.get'>): string {
  const each = sections > 0 ? `, ${count(sections)} sections a member` : '';
  return `generation ${generation} · ${algorithm}${each}`;
}

type Owners = ResultOf<'Ring.owners'>;

/** Null: no key is given, or nobody knows. */
function useOwners(service: string, key: string): Owners | null {
  const { result } = useAnswer('Ring.owners', key === '' ? null : { service, key }, LOOK_MS);
  return result?.key === key ? result : null;
}

function answerOf({ owners, generation }: Owners): string {
  const names = owners.map(
    ({ slot, instance }) => `${slot} (${instance ?? 'nobody serves there'})`,
  );
  return `In generation ${generation}: ${names.join(', then ')}`;
}

function WhatIf({ service }: { readonly service: string }) {
  const [change, setChange] = useState(1);
  const { result, wrong } = useAnswer(
    'Ring.whatIf',
    change === 0 ? null : { service, change },
    LOOK_MS,
  );
  return (
    <Panel title="What if it had other shards">
      <label for="ring-change">Shards more, or fewer</label>{' '}
      <input
        id="ring-change"
        type="number"
        min={1 - (result?.before ?? 1)}
        max={1000}
        value={change}
        onInput={({ currentTarget }) => setChange(Math.trunc(Number(currentTarget.value)))}
      />
      <p role="status">{result === null ? (wrong ?? '') : movesOf(result)}</p>
    </Panel>
  );
}

function movesOf({ before, after, movedShare, expectedShare, isWithin }: ResultOf<'Ring.whatIf'>) {
  const least = `at least ${percent(expectedShare)} have to`;
  const worth = isWithin ? '.' : ': more than there need be.';
  return `From ${before} to ${after} shards ${percent(movedShare)} of the keys would move; ${least}${worth}`;
}
