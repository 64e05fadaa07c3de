/** What is measured here: all metrics of the system and of the fleet, and one of them closely. */
import type { ResultOf } from '../../protocol/schema.ts';
import { hashOf } from '../place/place.ts';
import { FilterBox } from './filter-box.tsx';
import { grouped } from './format.ts';
import { Metric } from './metric.tsx';
import { valueText } from './metric-text.ts';
import { Nothing } from './panel.tsx';
import { Scroller } from './scroller.tsx';
import { useAnswer } from './use-answer.ts';
import { usePlace } from './use-session.ts';

/** Milliseconds between two looks. */
const LOOK_MS = 2000;

/** The view. */
export function Metrics() {
  const { of } = usePlace();
  return of === '' ? <Families /> : <Metric name={of} />;
}

type Listed = ResultOf<'Metrics.list'>;

function Families() {
  const { filter } = usePlace();
  const { result, wrong } = useAnswer('Metrics.list', {}, LOOK_MS);
  const words = filter.toLowerCase().split(/\s+/);
  const found = (result?.families ?? []).filter(({ name, help }) => {
    const text = `${name} ${help}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
  return (
    <div>
      <h1>Metrics</h1>
      <FilterBox
        label="Filter"
        hint="words of the name or of what it says, such as ring or seconds"
      />
      {result !== null && (
        <p class="quiet found" role="status">
          {grouped(found.length)} of {grouped(result.all)} metrics
        </p>
      )}
      {result?.missing != null && (
        <p class="found">▲ Those of the fleet are not among them: {result.missing}</p>
      )}
      {found.length === 0 ? (
        <Nothing
          state={result === null && wrong === null ? 'waiting' : 'known'}
          text={wrong ?? 'Nothing of the kind is measured.'}
        />
      ) : (
        <FamilyRows families={found} />
      )}
    </div>
  );
}

function FamilyRows({ families }: { readonly families: Listed['families'] }) {
  return (
    <Scroller label="Table of metrics">
      <table>
        <thead>
          <tr>
            <th scope="col">Metric</th>
            <th scope="col">What it says</th>
            <th scope="col">Type</th>
            <th scope="col">Unit</th>
            <th scope="col" class="number">
              Series
            </th>
            <th scope="col" class="number">
              Now
            </th>
          </tr>
        </thead>
        <tbody>
          {families.map(({ name, help, type, unit, series, value }) => (
            <tr key={name}>
              <th scope="row">
                <a class="path" href={hashOf({ view: 'metrics', of: name })}>
                  {name}
                </a>
              </th>
              <td>{help}</td>
              <td class="quiet">{type}</td>
              <td class="quiet">{unit ?? '–'}</td>
              <td class={series === 0 ? 'number quiet' : 'number'}>{grouped(series)}</td>
              <td class={value === null ? 'number quiet' : 'number'}>
                {type === 'gauge' && series > 1 && <span class="quiet">at most </span>}
                {valueText(type === 'histogram' ? null : unit, value)}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scroller>
  );
}
