/** One metric: its series with their values now, how they went since it was opened, how to ask elsewhere. */
import { BucketBars } from '../charts/bucket-bars.tsx';
import { LINES_MAX, LineSign, MetricLines } from '../charts/metric-lines.tsx';
import { filterOf, fits, labelText, parseLabelFilter } from '../place/label-filter.ts';
import { hashOf } from '../place/place.ts';
import { useMemo } from '../preact.ts';
import { MetricHistory, type MetricLine, type MetricLook } from '../tables/metric-history.ts';
import { FilterBox } from './filter-box.tsx';
import { grouped, plural } from './format.ts';
import { lineText, pointText, promQlOf, valueText } from './metric-text.ts';
import { Nothing, Panel } from './panel.tsx';
import { Scroller } from './scroller.tsx';
import { useAnswer } from './use-answer.ts';
import { usePlace, useSession } from './use-session.ts';

/** Milliseconds between two looks. */
const LOOK_MS = 1000;

/** The view. */
export function Metric({ name }: { readonly name: string }) {
  const { connection } = useSession();
  const { filter: text } = usePlace();
  const filter = useMemo(() => parseLabelFilter(text), [text]);
  const { exact: labels } = filter;
  const { result, wrong } = useAnswer('Metrics.read', { name, labels }, LOOK_MS);
  const history = useMemo(() => new MetricHistory(), []);
  if (result !== null) history.take(result, connection.peopleMs(result.atMs));
  const { last: look } = history;
  const lines = history.now.filter(({ series }) => fits(series.labels, filter));
  return (
    <div>
      <p class="crumbs">
        <a href={hashOf({ view: 'metrics' })}>Metrics</a>
      </p>
      <h1 class="path">{name}</h1>
      {look === null ? (
        <Nothing
          state={wrong === null ? 'waiting' : 'known'}
          text={`It cannot be read: ${wrong}.`}
        />
      ) : (
        <>
          <p class="summary">
            {look.help}{' '}
            <span class="quiet">
              {look.type}
              {look.unit !== null && ` of ${look.unit}`}
            </span>
          </p>
          {wrong !== null && (
            <p class="pinned" role="status">
              ▲ It cannot be read now, and is shown as it was then: {wrong}.
            </p>
          )}
          <FilterBox
            label="Series"
            hint='labels, such as thread=1 or version="v1 b", or any words'
          />
          {lines.length > 0 && <Chart history={history} look={look} lines={lines} />}
          <SeriesTable history={history} look={look} lines={lines} />
          {look.type === 'histogram' && lines.length > 0 && (
            <Buckets history={history} look={look} lines={lines} />
          )}
          <Elsewhere look={look} lines={lines} exact={filter.exact} />
        </>
      )}
    </div>
  );
}

type PartProps = {
  readonly history: MetricHistory;
  readonly look: MetricLook;
  /** That the filter lets through. */
  readonly lines: readonly MetricLine[];
};

function Chart({ history, look, lines }: PartProps) {
  const drawn = lines.slice(0, LINES_MAX);
  const known = drawn.flatMap(({ points }) => points.at(-1) ?? []);
  const now = pointText(look, known.length === 0 ? null : Math.max(...known));
  return (
    <Panel title="Since it was opened" note={lineText(look)}>
      <MetricLines
        label={`${look.name}: ${lineText(look)}; the highest of them is ${now} now`}
        times={history.times}
        lines={drawn}
        text={(value) => pointText(look, value)}
        limit={look.unit === 'ratio' ? 1 : null}
      />
      {lines.length > LINES_MAX && (
        <p class="quiet">
          The first {LINES_MAX} are drawn, which were the highest when it was opened; the filter
          shows any other of {plural(lines.length, 'series', 'series')}.
        </p>
      )}
    </Panel>
  );
}

function SeriesTable({ history, look, lines }: PartProps) {
  const { series, matching, all, type } = look;
  const heads = {
    gauge: ['Now'],
    counter: ['Rate', 'Total'],
    histogram: ['Rate', 'p50', 'p99', 'Total'],
  };
  const hidden = matching - series.length;
  return (
    <Panel
      title="Series"
      note={`${grouped(lines.length)} of ${grouped(all)}${type === 'histogram' ? '; over a minute' : ''}`}
    >
      {lines.length === 0 ? (
        <Nothing
          state="known"
          text={all === 0 ? 'It has no series now.' : 'No series is like that.'}
        />
      ) : (
        <Scroller label="Table of series">
          <table>
            <thead>
              <tr>
                <th scope="col">Labels</th>
                {heads[type].map((head) => (
                  <th key={head} scope="col" class="number">
                    {head}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {lines.map((line, index) => (
                <tr key={line.key}>
                  <th scope="row">
                    <LineSign index={index} /> <Labels name={look.name} line={line} />
                  </th>
                  {figuresOf(history, look, line).map((figure, at) => (
                    <td key={heads[type][at]} class="number">
                      {figure}
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </Scroller>
      )}
      {hidden > 0 && (
        <p class="quiet">
          {grouped(hidden)} lower ones were not told; a label with its value, such as thread=1,
          finds them.
        </p>
      )}
    </Panel>
  );
}

/** The way to this series alone. */
function Labels({ name, line: { series } }: { readonly name: string; readonly line: MetricLine }) {
  const text = labelText(series.labels);
  if (text === '') return <span class="quiet">without labels</span>;
  return (
    <a class="path" href={hashOf({ view: 'metrics', of: name, filter: filterOf(series.labels) })}>
      {text}
    </a>
  );
}

function figuresOf(history: MetricHistory, look: MetricLook, line: MetricLine): readonly string[] {
  const { type, unit } = look;
  const { value } = line.series;
  if (type === 'gauge') return [valueText(unit, value)];
  if (type === 'counter') {
    return [pointText(look, line.points.at(-1) ?? null), valueText(unit, value)];
  }
  const { perSecond, p50, p99 } = history.distribution(line);
  const rate = `${valueText(null, perSecond)}/s`;
  return [rate, valueText(unit, p50), valueText(unit, p99), valueText(null, value)];
}

/** Of all series together that are shown. */
function Buckets({ history, look, lines }: PartProps) {
  const counts: number[] = [];
  for (const line of lines) {
    for (const [i, counted] of history.distribution(line).counts.entries()) {
      counts[i] = (counts[i] ?? 0) + counted;
    }
  }
  return (
    <Panel title="Buckets" note="of the series above, over the last minute; a bar is 0 to 100 %">
      <BucketBars
        bounds={lines[0]?.series.buckets?.bounds ?? []}
        counts={counts}
        text={(value) => valueText(look.unit, value)}
      />
    </Panel>
  );
}

type ElsewhereProps = Pick<PartProps, 'look' | 'lines'> & {
  readonly exact: Readonly<Record<string, string>>;
};

function Elsewhere({ look, lines, exact }: ElsewhereProps) {
  const [only] = lines;
  const labels = lines.length === 1 && only !== undefined ? only.series.labels : exact;
  return (
    <Panel title="As PromQL" note="to be copied; of the labels that the filter says">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what is to be copied is reached by keyboard. */}
      <pre class="to-copy" tabIndex={0} role="region" aria-label="Text to copy">
        {promQlOf(look, labels)}
      </pre>
    </Panel>
  );
}
