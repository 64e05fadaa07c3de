/** Who leads the fleet, by which lease, who has led before; and what its regions carry. */
import type { ResultOf } from '../../protocol/schema.ts';
import { hashOf } from '../place/place.ts';
import { DecisionList } from './decisions.tsx';
import { ago, count, grouped, lasting } from './format.ts';
import {
  changesText,
  type Leader,
  leaseOf,
  leaveText,
  type Region,
  servingText,
  tenuresOf,
} from './leader-words.ts';
import { Panel } from './panel.tsx';
import { Scroller } from './scroller.tsx';
import { useAnswer } from './use-answer.ts';
import { useTable } from './use-session.ts';

/** Milliseconds between two looks. */
const LOOK_MS = 1000;
/** Decisions about regions; the view of decisions has the rest. */
const DECISIONS_SHOWN = 8;

/** The view. */
export function Regions() {
  const { result: leader, wrong } = useAnswer('Fleet.leader', {}, LOOK_MS);
  const { result: listed } = useAnswer('Region.list', {}, LOOK_MS);
  return (
    <div>
      <h1>Regions and leader</h1>
      {leader === null ? (
        <p class="nothing quiet">{wrong ?? 'Waiting for the server …'}</p>
      ) : (
        <LeaderParts leader={leader} here={listed?.regions.find(({ isHere }) => isHere)} />
      )}
      {listed !== null && <RegionParts listed={listed} />}
      <RegionDecisions />
    </div>
  );
}

type LeaderPartsProps = { readonly leader: Leader; readonly here: Region | undefined };

function LeaderParts({ leader, here }: LeaderPartsProps) {
  const { machine, pid, token, key, ledForMs } = leader;
  const { share, isLate, text } = leaseOf(leader);
  return (
    <>
      <section class={`verdict ${isLate ? 'attention' : 'healthy'}`} aria-label="Who leads">
        <h2>
          <span class="sign" aria-hidden="true">
            {isLate ? '▲' : '✓'}
          </span>
          {machine} leads{here !== undefined && ` ${here.region}`}, for {lasting(ledForMs)}
        </h2>
      </section>
      <Panel title="Leader" note={changesText(leader)}>
        <dl class="limits">
          <div class="meter">
            <dt>Process</dt>
            <dd>
              {pid} on {machine}
            </dd>
          </div>
          <div class={isLate ? 'meter near' : 'meter'}>
            <dt>{isLate && '▲ '}Lease</dt>
            <dd>
              <span
                class="track"
                role="img"
                aria-label={`${Math.round(100 * share)} % of it is left`}
              >
                <span class="level" style={{ width: `${Math.round(100 * share)}%` }} />
              </span>
              {isLate ? (
                <a class="bad" href={hashOf({ view: 'threads' })}>
                  {text}
                </a>
              ) : (
                <span>{text}</span>
              )}
            </dd>
          </div>
          <div class="meter">
            <dt>Fencing token</dt>
            <dd>
              <span>
                {grouped(token)} of <code>{key}</code>: whoever shows a lower one is refused
              </span>
            </dd>
          </div>
        </dl>
        <Leaders leader={leader} />
        <p class="quiet">Whoever stands by is written down when it leads, and not before.</p>
      </Panel>
    </>
  );
}

function Leaders({ leader }: { readonly leader: Leader }) {
  return (
    <Scroller label="Table of leaders">
      <table>
        <thead>
          <tr>
            <th scope="col">Leader</th>
            <th scope="col" class="number">
              Token
            </th>
            <th scope="col">Since</th>
            <th scope="col">Until the next one</th>
          </tr>
        </thead>
        <tbody>
          {tenuresOf(leader).map(({ machine, pid, token, sinceIso, agoMs, ms }, index) => (
            <tr key={token}>
              <th scope="row">
                {machine}, process {pid}
              </th>
              <td class="number">{grouped(token)}</td>
              <td>
                <time dateTime={sinceIso}>{ago(agoMs)}</time>
              </td>
              <td>{index === 0 ? <b class="good">✓ leads</b> : lasting(ms)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scroller>
  );
}

function RegionParts({ listed }: { readonly listed: ResultOf<'Region.list'> }) {
  const { fleet, regions, reservations } = listed;
  if (fleet === null) return <p class="nothing quiet">No fleet was applied yet.</p>;
  return (
    <>
      <p class="regions-leave">{leaveText(regions.length, reservations)}</p>
      {regions.map((region) => (
        <RegionOf key={region.region} region={region} isOnly={regions.length === 1} />
      ))}
    </>
  );
}

type RegionOfProps = { readonly region: Region; readonly isOnly: boolean };

function RegionOf({ region, isOnly }: RegionOfProps) {
  const { region: name, isHere, forecast, zones, services } = region;
  const load =
    forecast === null
      ? 'it has to carry its peak of the last hour, and a fifth'
      : `it has to carry a load of ${count(forecast)}`;
  return (
    <Panel title={`Region ${name}`} note={isOnly ? '' : load}>
      {!isHere && (
        <p class="quiet">
          It has a host of its own, which shows it. Its zones:{' '}
          {zones.map(({ zone }) => zone).join(', ')}.
        </p>
      )}
      {isHere && (
        <div class="region-parts">
          <Zones zones={zones} />
          <Carried services={services ?? []} />
        </div>
      )}
    </Panel>
  );
}

function Zones({ zones }: { readonly zones: Region['zones'] }) {
  return (
    <Scroller label="Table of zones">
      <table>
        <thead>
          <tr>
            <th scope="col">Zone</th>
            <th scope="col">Instances ready</th>
          </tr>
        </thead>
        <tbody>
          {zones.map(({ zone, instances, ready }) => {
            const isDown = ready === 0 && (instances ?? 0) > 0;
            const text = `${ready ?? '–'} of ${instances ?? '–'}`;
            return (
              <tr key={zone}>
                <th scope="row">{zone}</th>
                <td>
                  {isDown ? (
                    <a class="bad" href={hashOf({ view: 'healing' })}>
                      ▲ {text}
                    </a>
                  ) : (
                    text
                  )}
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </Scroller>
  );
}

function Carried({ services }: { readonly services: NonNullable<Region['services']> }) {
  return (
    <Scroller label="Table of what the region carries">
      <table class="sentences">
        <thead>
          <tr>
            <th scope="col">Service</th>
            <th scope="col">Serving, of what is needed</th>
            <th scope="col">Waits for this region’s turn</th>
          </tr>
        </thead>
        <tbody>
          {services.map((one) => (
            <tr key={one.service}>
              <th scope="row">
                <a href={hashOf({ view: 'service', of: one.service })}>{one.service}</a>
              </th>
              <td data-label="Serving, of what is needed">
                {one.serving < one.needed ? (
                  <a class="bad" href={hashOf({ view: 'healing' })}>
                    ▲ {servingText(one)}
                  </a>
                ) : (
                  servingText(one)
                )}
              </td>
              <td data-label="Waits for this region’s turn">
                {one.waits.length === 0 ? <span class="quiet">–</span> : one.waits.join('; ')}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scroller>
  );
}

/** Nothing, where regions have decided nothing: one region alone never does. */
function RegionDecisions() {
  const { rows } = useTable('decisions');
  const found = [...rows.values()]
    .filter(({ who }) => who === 'region')
    .sort((a, b) => b.lastMs - a.lastMs || b.id - a.id);
  if (found.length === 0) return null;
  return (
    <Panel
      title="What was shifted between regions"
      note={<a href={hashOf({ view: 'decisions', filter: 'region' })}>All of it</a>}
    >
      <DecisionList rows={found} most={DECISIONS_SHOWN} />
    </Panel>
  );
}
