/** A service's rollout: its steps as its file says them, set and actual weight, canary against baseline. */
import { count, duration, percent } from './format.ts';
import { Panel } from './panel.tsx';
import { type Gate, gatesOf, rolloutStepsOf, wantedWeight } from './rollout-spec.ts';
import { Scroller } from './scroller.tsx';
import { actualWeight, type Load, loadOf } from './service-load.ts';
import type { ServiceRow } from './service-rows.tsx';
import { Steps, stepsOf } from './steps.tsx';

/** What it is made of. */
export type RolloutProps = {
  readonly row: ServiceRow;
  readonly spec: unknown;
  readonly loads: readonly Load[];
};

/** The part of the view. */
export function Rollout({ row, spec, loads }: RolloutProps) {
  const steps = rolloutStepsOf(spec);
  const gates = gatesOf(spec);
  const [at] = stepsOf(row.step);
  const isUnderWay = row.phase !== 'idle' && row.phase !== 'aborted';
  const wanted = wantedWeight(spec, at);
  const actual = actualWeight(loads, row.target);
  return (
    <Panel
      title="Rollout"
      note={
        isUnderWay ? <Steps step={row.step} weight={row.weight} phase={row.phase} /> : row.phase
      }
    >
      <p>
        {row.target === null ? (
          <>
            All of it is <b>{row.version}</b>.
          </>
        ) : (
          <>
            From <b>{row.version}</b> to <b>{row.target}</b>. Weight
            {wanted !== null && isUnderWay && (
              <>
                {' '}
                wanted <b>{wanted} %</b>,
              </>
            )}{' '}
            set <b>{row.weight} %</b>, of requests now{' '}
            <b>{actual === null ? '–' : percent(actual)}</b>.
          </>
        )}
      </p>
      {steps.length > 0 && (
        <ol class="step-list">
          {steps.map((text, index) => {
            const state = !isUnderWay ? '' : index < at ? 'done' : index === at ? 'now' : '';
            return (
              // A rollout may have the same step twice.
              <li
                key={`${index} ${text}`}
                class={state}
                aria-current={state === 'now' ? 'step' : undefined}
              >
                {text}
              </li>
            );
          })}
        </ol>
      )}
      {row.message !== '' && <p class="quiet">{row.message}</p>}
      <Versions loads={loads} row={row} gates={gates} />
    </Panel>
  );
}

type VersionsProps = Pick<RolloutProps, 'row' | 'loads'> & { readonly gates: readonly Gate[] };

function Versions({ row, loads, gates }: VersionsProps) {
  const versions = [...new Set([row.version, ...loads.map(({ version }) => version)])];
  return (
    <Scroller label="Table of versions">
      <table>
        <thead>
          <tr>
            <th scope="col">Version</th>
            <th scope="col" class="number">
              Instances
            </th>
            <th scope="col" class="number">
              Requests/s
            </th>
            <th scope="col" class="number">
              Errors
            </th>
            <th scope="col" class="number">
              p99
            </th>
          </tr>
        </thead>
        <tbody>
          {versions.map((version) => {
            const mine = loads.filter((load) => load.version === version);
            const { rate, errorRatio, p99Ms } = loadOf(mine);
            return (
              <tr key={version}>
                <th scope="row">
                  {version} <span class="quiet">{roleOf(version, row)}</span>
                </th>
                <td class="number">{count(mine.length)}</td>
                <td class="number">{count(rate)}</td>
                <td class="number">{errorRatio === null ? '–' : percent(errorRatio)}</td>
                <td class="number">{p99Ms === null ? '–' : duration(p99Ms * 1000)}</td>
              </tr>
            );
          })}
        </tbody>
        {gates.length > 0 && (
          <tfoot>
            <tr>
              <td colSpan={5} class="quiet">
                Limits of its analysis: {gates.map(({ text }) => text).join(' · ')}
              </td>
            </tr>
          </tfoot>
        )}
      </table>
    </Scroller>
  );
}

function roleOf(version: string, row: ServiceRow): string {
  if (version === row.target) return 'canary';
  return version === row.version ? (row.target === null ? 'stable' : 'baseline') : '';
}
