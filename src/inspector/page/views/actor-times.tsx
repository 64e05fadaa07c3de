/** How long messages of one actor wait and take: measured for as long as this is looked at. */
import type { ResultOf } from '../../protocol/schema.ts';
import { Distribution } from '../charts/distribution.tsx';
import { duration, plural } from './format.ts';
import { Panel } from './panel.tsx';
import { Scroller } from './scroller.tsx';
import { useAnswer } from './use-answer.ts';

const EVERY_MS = 1000;

type Measured = ResultOf<'Actors.measure'>;

/** A panel; nothing where nothing can be measured, such as in a recording. */
export function ActorTimes({ path }: { readonly path: string }) {
  const { result, wrong } = useAnswer('Actors.measure', { path }, EVERY_MS);
  if (result === null) return wrong === null ? null : <Panel title="Times">{wrong}</Panel>;
  const { forMs, messages, failed, wait, took } = result;
  const seconds = Math.round(forMs / 1000);
  const failures = failed === 0 ? '' : `, ${plural(failed, 'failure')}`;
  const note = `the last ${plural(seconds, 'second')}: ${plural(messages, 'message')}${failures}`;
  return (
    <Panel title="Times" note={<span class="quiet">{note}</span>}>
      {messages === 0 ? (
        <p class="nothing quiet">
          {seconds < 2 ? 'Being measured …' : 'It has handled no message since.'}
        </p>
      ) : (
        <Scroller label="Table of times">
          <table class="times">
            <thead>
              <tr>
                <th scope="col">Time of a message</th>
                <th scope="col">p50</th>
                <th scope="col">p99</th>
                <th scope="col">p99.9</th>
                <th scope="col">Distribution; the dashed line is the p99</th>
              </tr>
            </thead>
            <tbody>
              <Row name="in its mailbox" times={wait} />
              <Row name="in its handler" times={took} />
            </tbody>
          </table>
        </Scroller>
      )}
    </Panel>
  );
}

function Row({ name, times }: { readonly name: string; readonly times: Measured['wait'] }) {
  return (
    <tr>
      <th scope="row">{name}</th>
      <td>{duration(times.p50Us)}</td>
      <td>{duration(times.p99Us)}</td>
      <td>{duration(times.p999Us)}</td>
      <td class="wide">
        <Distribution name={`times ${name}`} counts={times.counts} p99Us={times.p99Us} />
      </td>
    </tr>
  );
}
