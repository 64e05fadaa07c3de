/** Services, one row each: how it is, its versions, its rollout, its instances. */
import type { RowOf } from '../../protocol/topics.ts';
import { hashOf } from '../place/place.ts';
import { count } from './format.ts';
import { Scroller } from './scroller.tsx';
import { Steps } from './steps.tsx';

/** One service. */
export type ServiceRow = RowOf<'services'>;

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

/** The table. */
export function ServiceRows({ services }: { readonly services: readonly ServiceRow[] }) {
  return (
    <Scroller label="Table of services">
      <table>
        <thead>
          <tr>
            <th scope="col">Service</th>
            <th scope="col">State</th>
            <th scope="col">Version</th>
            <th scope="col">Rollout</th>
            <th scope="col" class="number">
              Ready
            </th>
            <th scope="col" class="number">
              Needed
            </th>
            <th scope="col">Healing</th>
            <th scope="col">Ring</th>
          </tr>
        </thead>
        <tbody>
          {services.map((row) => (
            <tr key={row.service}>
              <th scope="row">
                <a href={hashOf({ view: 'service', of: row.service })}>
                  <b>{row.service}</b>
                </a>
              </th>
              <td>
                <StateWord state={row.state} />
                {row.isFrozen && <span class="quiet"> frozen</span>}
              </td>
              <td>{row.target === null ? row.version : `${row.version} → ${row.target}`}</td>
              <td>
                <Steps step={row.step} weight={row.weight} phase={row.phase} />
              </td>
              <td class={row.ready < row.wanted ? 'number' : 'number quiet'}>
                {count(row.ready)} of {count(row.wanted)}
              </td>
              <td class="number">{count(row.demand)}</td>
              <td class={row.healing === 'healthy' ? 'quiet' : ''}>{row.healing}</td>
              <td>
                {row.generation === null ? (
                  <span class="quiet">–</span>
                ) : (
                  <a href={hashOf({ view: 'ring', of: row.service })}>
                    generation {row.generation}
                  </a>
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scroller>
  );
}
