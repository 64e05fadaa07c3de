/** One service, closely: its rollout, what can be done about it now, its instances, what went wrong. */
import type { ResultOf } from '../../protocol/schema.ts';
import { hashOf } from '../place/place.ts';
import { useId, useState } from '../preact.ts';
import { ago, count, duration } from './format.ts';
import { Nothing, Panel } from './panel.tsx';
import { RecordedService } from './recorded-service.tsx';
import { Rollout } from './rollout.tsx';
import { Scroller } from './scroller.tsx';
import { instanceChoices, serviceChoices } from './service-actions.ts';
import { ServiceSummary } from './service-summary.tsx';
import { useAnswer } from './use-answer.ts';
import { usePlace, useSession } from './use-session.ts';
import { WishForm } from './wish-form.tsx';

/** Milliseconds between two looks. */
const LOOK_MS = 1000;

type Detail = ResultOf<'Service.get'>;

/** The view. */
export function Service() {
  const { of: service } = usePlace();
  const { replay } = useSession();
  const { result: detail, wrong } = useAnswer('Service.get', { service }, LOOK_MS);
  const { result: top } = useAnswer('Fleet.top', { service }, LOOK_MS);
  return (
    <div>
      <p class="crumbs">
        <a href={hashOf({ view: 'services' })}>Services</a>
      </p>
      <h1>{service}</h1>
      {replay !== null ? (
        <RecordedService service={service} />
      ) : detail === null ? (
        <p class="nothing quiet">{wrong ?? 'Waiting for the server …'}</p>
      ) : (
        <>
          <Summary detail={detail} />
          <Rollout row={detail.summary} spec={detail.spec} loads={top?.instances ?? []} />
          <Actions detail={detail} />
          <Instances detail={detail} loads={top?.instances ?? []} />
          <Failures detail={detail} />
        </>
      )}
    </div>
  );
}

function Summary({ detail: { summary, autoscale, operations } }: { readonly detail: Detail }) {
  return (
    <ServiceSummary row={summary} more={<> · {count(operations)} operations under way</>}>
      {autoscale !== null && (autoscale.wants !== '' || autoscale.hold !== null) && (
        <p class="quiet">
          Autoscaler{autoscale.wants !== '' && ` wants ${autoscale.wants}`}
          {autoscale.hold !== null && `; held at ${autoscale.hold}`}
        </p>
      )}
    </ServiceSummary>
  );
}

function Actions({ detail }: { readonly detail: Detail }) {
  const id = useId();
  const { connection } = useSession();
  const { summary, failures } = detail;
  const [holdAt, setHoldAt] = useState(summary.demand);
  const keys = [...new Set(failures.flatMap(({ key }) => (key === null ? [] : [key])))];
  const [chosen, setChosen] = useState('');
  const quarantinedKey = chosen === '' ? (keys[0] ?? '') : chosen;
  const choices = serviceChoices(connection, summary, { holdAt, quarantinedKey });
  if (choices.length === 0) return null;
  return (
    <WishForm title="What can be done now" choices={choices}>
      {summary.allowedActions.includes('hold') && (
        <p>
          <label for={`${id}-hold`}>Number to hold at</label>{' '}
          <input
            id={`${id}-hold`}
            type="number"
            min={0}
            max={1000}
            value={holdAt}
            onInput={({ currentTarget }) => setHoldAt(Number(currentTarget.value))}
          />
        </p>
      )}
      {summary.allowedActions.includes('releaseKey') && (
        <p>
          <label for={`${id}-key`}>Key to bring back</label>{' '}
          <input
            id={`${id}-key`}
            type="text"
            value={quarantinedKey}
            onInput={({ currentTarget }) => setChosen(currentTarget.value)}
          />
        </p>
      )}
    </WishForm>
  );
}

type InstancesProps = {
  readonly detail: Detail;
  readonly loads: ResultOf<'Fleet.top'>['instances'];
};

function Instances({ detail: { instances }, loads }: InstancesProps) {
  const { connection } = useSession();
  const [chosen, setChosen] = useState<string | null>(null);
  const one = instances.find(({ instance }) => instance === chosen);
  return (
    <Panel title="Instances">
      {instances.length === 0 ? (
        <Nothing state="known" text="There is none." />
      ) : (
        <Scroller label="Table of instances">
          <table>
            <thead>
              <tr>
                <th scope="col">Instance</th>
                <th scope="col">Zone</th>
                <th scope="col">Version</th>
                <th scope="col">State</th>
                <th scope="col" class="number">
                  Requests/s
                </th>
                <th scope="col" class="number">
                  p99
                </th>
                <th scope="col">Changes</th>
              </tr>
            </thead>
            <tbody>
              {instances.map((row) => {
                const load = loads.find(({ instance }) => instance === row.instance);
                return (
                  <tr key={row.instance}>
                    <th scope="row">
                      <code>{row.instance}</code>
                    </th>
                    <td>{row.zone}</td>
                    <td>{row.version}</td>
                    <td>
                      {row.state}
                      {row.isEjected && ', out of the traffic'}
                      {row.isGoing && ', going'}{' '}
                      <span class="quiet">for {duration(row.forMs * 1000)}</span>
                    </td>
                    <td class="number">{load?.rate == null ? '–' : count(load.rate)}</td>
                    <td class="number">
                      {load?.p99Ms == null ? '–' : duration(load.p99Ms * 1000)}
                    </td>
                    <td>
                      {row.allowedActions.length > 0 && (
                        <button
                          type="button"
                          class="plain"
                          aria-expanded={chosen === row.instance}
                          onClick={() => setChosen(chosen === row.instance ? null : row.instance)}
                        >
                          Change … <span class="unseen">{row.instance}</span>
                        </button>
                      )}
                    </td>
                  </tr>
                );
              })}
            </tbody>
          </table>
        </Scroller>
      )}
      {one !== undefined && (
        <WishForm
          key={one.instance}
          title={`Change ${one.instance}`}
          choices={instanceChoices(connection, one)}
        />
      )}
    </Panel>
  );
}

function Failures({ detail: { failures, revisions } }: { readonly detail: Detail }) {
  return (
    <Panel title="Revisions and failures">
      <ul class="plain-list">
        {revisions.map(({ id, version, role, blocked }) => (
          <li key={id}>
            <b>{version}</b> <span class="quiet">{role}</span>{' '}
            {blocked !== null && <span class="bad">blocked: {blocked}</span>}
          </li>
        ))}
      </ul>
      {failures.length === 0 ? (
        <p class="nothing quiet">No instance has failed lately.</p>
      ) : (
        <ul class="plain-list">
          {failures.map(({ instance, signature, agoMs }) => (
            <li key={`${instance} ${signature} ${agoMs}`}>
              <code>{instance}</code> {signature} <span class="quiet">{ago(agoMs)}</span>
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
}
