/** Services, one row each: how it is, versions, rollout, what it has to do, instances, healing, its ring. */
import type { RowOf } from '../../protocol/topics.ts';
import { hashOf } from '../place/place.ts';
import { count, duration, percent } from './format.ts';
import { Scroller } from './scroller.tsx';
import { actualWeight, type Load, loadOf, loadsByService } from './service-load.ts';
import { Steps } from './steps.tsx';
import { useAnswer } from './use-answer.ts';

/** One service. */
export type ServiceRow = RowOf<'services'>;

/** Milliseconds between two looks: at what instances have to do, and at rings. */
const LOOK_MS = 2000;
const RING_LOOK_MS = 10_000;
/** Rings of the first so many services are looked at. Higher: more questions at once. */
const RINGS_MAX = 20;

const HEADS = [
  { name: 'Service', isNumber: false },
  { name: 'State', isNumber: false },
  { name: 'Version', isNumber: false },
  { name: 'Rollout', isNumber: false },
  { name: 'Requests/s', isNumber: true },
  { name: 'Errors', isNumber: true },
  { name: 'p99', isNumber: true },
  { name: 'Ready', isNumber: true },
  { name: 'Needed', isNumber: true },
  { name: 'Ring', isNumber: false },
] as const;

const SIGNS: Readonly<Record<ServiceRow['state'], string>> = {
  healthy: '✓',
  progressing: '→',
  paused: '❚❚',
  aborted: '✕',
  attention: '▲',
};

/** A word for how it is, with a sign: colour alone tells nothing. */
export function StateWord({ state }: { readonly state: ServiceRow['state'] }) {
  return (
    <span class={`state ${state}`}>
      <span aria-hidden="true">{SIGNS[state]}</span> {state}
    </span>
  );
}

/** The table; what instances have to do is asked for while it is seen. */
export function ServiceRows({ services }: { readonly services: readonly ServiceRow[] }) {
  const { result: top } = useAnswer('Fleet.top', {}, LOOK_MS);
  const loads = loadsByService(top?.instances ?? []);
  return (
    <Scroller label="Table of services">
      <table>
        <thead>
          <tr>
            {HEADS.map(({ name, isNumber }) => (
              <th key={name} scope="col" class={isNumber ? 'number' : ''}>
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {services.map((row, at) => (
            <Row key={row.service} row={row} loads={loads.get(row.service) ?? []} at={at} />
          ))}
        </tbody>
      </table>
    </Scroller>
  );
}

type RowProps = {
  readonly row: ServiceRow;
  readonly loads: readonly Load[];
  readonly at: number;
};

function Row({ row, loads, at }: RowProps) {
  const { rate, errorRatio, p99Ms } = loadOf(loads);
  const actual = actualWeight(loads, row.target);
  return (
    <tr>
      <th scope="row">
        <a href={hashOf({ view: 'service', of: row.service })}>
          <b>{row.service}</b>
        </a>
      </th>
      <td>
        <StateWord state={row.state} />
        {row.isFrozen && <span class="quiet"> frozen</span>}
        {row.healing !== 'healthy' && <div class="quiet">healing: {row.healing}</div>}
      </td>
      <td>{row.target === null ? row.version : `${row.version} → ${row.target}`}</td>
      <td>
        <Steps step={row.step} weight={row.weight} phase={row.phase} />
        {actual !== null && <div class="quiet">of requests now {percent(actual)}</div>}
      </td>
      <td class="number">{loads.length === 0 ? '–' : count(rate)}</td>
      <td class="number">{errorRatio === null ? '–' : percent(errorRatio)}</td>
      <td class="number">{p99Ms === null ? '–' : duration(p99Ms * 1000)}</td>
      <td class={row.ready < row.wanted ? 'number' : 'number quiet'}>
        {count(row.ready)} of {count(row.wanted)}
      </td>
      <td class="number">{count(row.demand)}</td>
      <td>
        {row.generation === null ? (
          <span class="quiet">–</span>
        ) : (
          <a href={hashOf({ view: 'ring', of: row.service })}>
            generation {row.generation}
            {at < RINGS_MAX && <Imbalance service={row.service} />}
          </a>
        )}
      </td>
    </tr>
  );
}

/** The largest share of its keys, by the mean. */
function Imbalance({ service }: { readonly service: string }) {
  const { result } = useAnswer('Ring.get', { service }, RING_LOOK_MS);
  const balance = result?.balance ?? null;
  if (balance === null) return null;
  const { imbalance, most } = balance;
  const isOver = imbalance > most;
  return (
    <span class={isOver ? 'bad' : 'quiet'}>
      {' '}
      · {imbalance.toFixed(2)}×{isOver && ' uneven'}
    </span>
  );
}
