/** Figures of the system and of its threads at both moments, with the difference. */
import type { FigureChange, FigureUnit } from '../diff/figure-changes.ts';
import { hashOf } from '../place/place.ts';
import { count, duration, percent } from './format.ts';
import { Panel } from './panel.tsx';
import { Scroller } from './scroller.tsx';

const TEXTS: Readonly<Record<FigureUnit, (value: number) => string>> = {
  number: count,
  perSecond: (value) => `${count(value)}/s`,
  us: duration,
  share: percent,
};

/** Where a figure is looked at. */
const VIEWS = {
  actors: hashOf({ view: 'actors' }),
  'dead letters': hashOf({ view: 'dead' }),
  'restarts in a minute': hashOf({ view: 'events' }),
  'lost messages': hashOf({ view: 'events' }),
  threads: hashOf({ view: 'threads' }),
} as const;

/** Whether somebody who reads it sees a difference. */
export const readsOtherwise = ({ unit, from, to }: FigureChange): boolean =>
  textOf(unit, from) !== textOf(unit, to);

/** The part of the view. */
export function FigureDifferences({ figures }: { readonly figures: readonly FigureChange[] }) {
  return (
    <Panel title="System and threads">
      {figures.length === 0 ? (
        <p class="nothing quiet">All of their figures are the same.</p>
      ) : (
        <Scroller label="Table of figures">
          <table>
            <thead>
              <tr>
                <th scope="col">Figure</th>
                <th scope="col" class="number">
                  A
                </th>
                <th scope="col" class="number">
                  B
                </th>
                <th scope="col" class="number">
                  Difference
                </th>
              </tr>
            </thead>
            <tbody>
              {figures.map((figure) => (
                <Row key={`${figure.thread} ${figure.name}`} figure={figure} />
              ))}
            </tbody>
          </table>
        </Scroller>
      )}
    </Panel>
  );
}

const textOf = (unit: FigureUnit, value: number | null): string =>
  value === null ? '–' : TEXTS[unit](value);

function Row({ figure: { name, thread, unit, from, to } }: { readonly figure: FigureChange }) {
  const view = thread === null ? VIEWS[name as keyof typeof VIEWS] : VIEWS.threads;
  const label = thread === null ? name : `thread ${thread}: ${name}`;
  return (
    <tr>
      <th scope="row">{view === undefined ? label : <a href={view}>{label}</a>}</th>
      <td class="number">{textOf(unit, from)}</td>
      <td class="number">{textOf(unit, to)}</td>
      <td class="number">
        <b>{from === null || to === null ? '–' : signed(to - from, TEXTS[unit])}</b>
      </td>
    </tr>
  );
}

/** With its sign: more or less is told by no colour. */
export function signed(delta: number, text: (value: number) => string): string {
  return `${delta < 0 ? '−' : '+'}${text(Math.abs(delta))}`;
}
