/** Threads with what they do, and the rings between them with how full they are. */
import { hashOf } from '../place/place.ts';
import { count, grouped, percent } from './format.ts';
import { Nothing, Panel } from './panel.tsx';
import { Scroller } from './scroller.tsx';
import { useAnswer } from './use-answer.ts';
import { useTable } from './use-session.ts';

/** Milliseconds between two looks at the rings. */
const RINGS_MS = 1000;
/** From here on, a share is told in colour and with a sign. */
const NEARLY_FULL = 0.8;

/** The view. */
export function Threads() {
  const table = useTable('threads');
  const threads = table.inOrder();
  return (
    <div>
      <h1>Threads and rings</h1>
      <Panel title="Threads" note="utilisation in handlers over a second; a bar is 0 to 100 %">
        {threads.length === 0 ? (
          <Nothing state={table.state} text="There is no thread." />
        ) : (
          <Scroller label="Table of threads">
            <table>
              <thead>
                <tr>
                  <th scope="col">Thread</th>
                  <th scope="col" class="number">
                    Actors
                  </th>
                  <th scope="col" class="number">
                    Messages/s
                  </th>
                  <th scope="col">Utilisation</th>
                  <th scope="col">Fullest ring to it</th>
                  <th scope="col" class="number">
                    Replaced
                  </th>
                </tr>
              </thead>
              <tbody>
                {threads.map((one) => (
                  <tr key={one.thread}>
                    <th scope="row">
                      <a href={hashOf({ view: 'actors', filter: `thread:${one.thread}` })}>
                        {one.thread}
                      </a>
                    </th>
                    <td class="number">{grouped(one.actors)}</td>
                    <td class="number">{count(one.handledPerSecond)}</td>
                    <td>
                      <Meter share={one.utilisation} />
                    </td>
                    <td>
                      <Meter share={one.fill} to={crowded(one.thread)} />
                    </td>
                    <td class="number">
                      {one.replaced > 0 ? (
                        <a class="bad" href={hashOf({ view: 'events', filter: 'thread' })}>
                          {count(one.replaced)}
                        </a>
                      ) : (
                        '0'
                      )}
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          </Scroller>
        )}
      </Panel>
      <Rings />
    </div>
  );
}

/** The actors that a thread's rings wait for. */
const crowded = (thread: number): string =>
  hashOf({ view: 'actors', filter: `thread:${thread} sort:-depth` });

/** A share as a bar with its number. `to`: near its end something waits, and this is why. */
function Meter({ share, to }: { readonly share: number; readonly to?: string }) {
  const isNear = to !== undefined && share >= NEARLY_FULL;
  return (
    <span class={isNear ? 'meter near' : 'meter'}>
      <span class="track">
        <span class="level" style={{ width: `${Math.min(100, share * 100)}%` }} />
      </span>
      <span class="number">
        {isNear ? <a class="bad" href={to}>{`▲ ${percent(share)}`}</a> : percent(share)}
      </span>
    </span>
  );
}

function Share({ share, to }: { readonly share: number; readonly to: number }) {
  return share >= NEARLY_FULL ? (
    <a class="bad" href={crowded(to)}>
      ▲ {percent(share)}
    </a>
  ) : (
    percent(share)
  );
}

/** Asked for, once a second while it is seen: the rings are told by no topic. */
function Rings() {
  const { result: figures, wrong } = useAnswer('System.figures', {}, RINGS_MS);
  const rings = figures?.rings ?? [];
  const threads = [...new Set(rings.flatMap(({ from, to }) => [from, to]))].sort((a, b) => a - b);
  return (
    <Panel title="Rings" note="share of each ring that is full; rows: from, columns: to">
      {threads.length === 0 ? (
        <Nothing
          state={figures === null && wrong === null ? 'waiting' : 'known'}
          text={wrong ?? 'One thread alone has no rings.'}
        />
      ) : (
        <Scroller label="Table of rings">
          <table class="matrix">
            <thead>
              <tr>
                <th scope="col">from \ to</th>
                {threads.map((to) => (
                  <th key={to} scope="col" class="number">
                    {to}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {threads.map((from) => (
                <tr key={from}>
                  <th scope="row">{from}</th>
                  {threads.map((to) => {
                    const ring = rings.find((one) => one.from === from && one.to === to);
                    const share = ring === undefined ? null : Math.max(ring.data, ring.control);
                    return (
                      <td key={to} class="number">
                        {share === null ? '–' : <Share share={share} to={to} />}
                      </td>
                    );
                  })}
                </tr>
              ))}
            </tbody>
          </table>
        </Scroller>
      )}
    </Panel>
  );
}
