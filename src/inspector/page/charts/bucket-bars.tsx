/** How many were counted in each bucket of a histogram: one bar a bucket, with its end and its share. */
import { sumOf } from '../tables/buckets.ts';
import { grouped, percent } from '../views/format.ts';
import { Scroller } from '../views/scroller.tsx';

/** What is drawn. */
export type BucketBarsProps = {
  readonly bounds: readonly number[];
  readonly counts: readonly number[];
  readonly text: (value: number) => string;
};

/** The chart, which is a table as well. A bar is a share of all, from 0 to 100 %. */
export function BucketBars({ bounds, counts, text }: BucketBarsProps) {
  const all = sumOf(counts);
  if (all === 0) return <p class="nothing quiet">Nothing was counted in this time.</p>;
  return (
    <Scroller label="Table of buckets">
      <table class="buckets">
        <thead>
          <tr>
            <th scope="col" class="number">
              At most
            </th>
            <th scope="col">Share</th>
            <th scope="col" class="number">
              Counted
            </th>
          </tr>
        </thead>
        <tbody>
          {counts.map((counted, i) => {
            const upper = bounds[i];
            return (
              <tr key={upper ?? 'more'}>
                <th scope="row" class="number">
                  {upper === undefined ? 'more' : text(upper)}
                </th>
                <td>
                  <span class="meter">
                    <span class="track">
                      <span class="level" style={{ width: `${(100 * counted) / all}%` }} />
                    </span>
                    <span class="number">{percent(counted / all)}</span>
                  </span>
                </td>
                <td class={counted === 0 ? 'number quiet' : 'number'}>{grouped(counted)}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </Scroller>
  );
}
