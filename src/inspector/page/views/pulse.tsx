/** The last five minutes: throughput, time in mailboxes, threads and rings, above one axis of time. */
import { quantileUs } from '../charts/histogram.ts';
import { Latency } from '../charts/latency.tsx';
import { ThreadStrips } from '../charts/thread-strips.tsx';
import { Throughput } from '../charts/throughput.tsx';
import type { Second } from '../charts/time-axis.ts';
import { hashOf } from '../place/place.ts';
import type { ComponentChildren } from '../preact.ts';
import { count, duration, percent, plural } from './format.ts';
import { Nothing, Panel } from './panel.tsx';
import { useTable } from './use-session.ts';

const utilisationOf = (second: Second): readonly number[] => second.utilisation;
const fillOf = (second: Second): readonly number[] => second.fill;
const highest = (shares: readonly number[]): number => shares.reduce((a, b) => Math.max(a, b), 0);

/** The part of the first screen. */
export function Pulse() {
  const table = useTable('pulse');
  const seconds = table.inOrder();
  const last = seconds.at(-1);
  if (last === undefined) {
    return (
      <Panel title="Pulse">
        <Nothing state={table.state} text="No second has passed yet." />
      </Panel>
    );
  }
  const crashes = seconds.reduce((all, second) => all + second.crashes, 0);
  return (
    <Panel title="Pulse" note="five minutes, second by second">
      <Chart name="Throughput" unit="messages/s" value={count(last.handled)}>
        <Throughput seconds={seconds} />
      </Chart>
      {crashes > 0 && (
        <p class="chart-note">
          <a class="bad" href={hashOf({ view: 'events' })}>
            ▲ {plural(crashes, 'crash', 'crashes')}
          </a>
        </p>
      )}
      <Chart
        name="Time in mailbox"
        unit="log scale, sampled; line: p99"
        value={duration(quantileUs(last.waits, 0.99))}
      >
        <Latency seconds={seconds} />
      </Chart>
      <Chart
        name="Thread utilisation"
        unit="0 to 100 %"
        value={`${percent(highest(last.utilisation))} at most`}
      >
        <ThreadStrips name="Utilisation" seconds={seconds} shareOf={utilisationOf} />
      </Chart>
      <Chart
        name="Ring fill"
        unit="fullest ring to each thread, 0 to 100 %"
        value={`${percent(highest(last.fill))} at most`}
      >
        <ThreadStrips name="Ring fill" seconds={seconds} shareOf={fillOf} />
      </Chart>
    </Panel>
  );
}

type ChartProps = {
  readonly name: string;
  readonly unit: string;
  readonly value: string;
  readonly children: ComponentChildren;
};

function Chart({ name, unit, value, children }: ChartProps) {
  return (
    <figure class="chart">
      <figcaption>
        <b>{name}</b> <span class="quiet">{unit}</span> <span class="value">{value}</span>
      </figcaption>
      {children}
    </figure>
  );
}
