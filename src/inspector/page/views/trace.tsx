/** An actor's messages as they are handled, within a budget that has to be said first. */
import { useId, useState } from '../preact.ts';
import { count, duration, grouped } from './format.ts';
import { Panel } from './panel.tsx';
import { Scroller } from './scroller.tsx';
import { type TracedMessage, useTrace } from './use-trace.ts';

/** As of the protocol; its values would bring the whole schema into the bundle. */
const LIMITS = { max: 10_000, perSecond: 1000, seconds: 600 } as const;

type Budget = { readonly max: number; readonly perSecond: number; readonly seconds: number };

/** Shown to roles that may. */
export function Trace({ path }: { readonly path: string }) {
  const { state, begin, end } = useTrace();
  const [budget, setBudget] = useState<Budget>({ max: 500, perSecond: 20, seconds: 60 });
  const { max, perSecond, seconds } = budget;
  const isOn = state.status === 'running' || state.status === 'asked';
  return (
    <Panel title="Live trace" note="nobody pays for it but this actor, and not beyond its budget">
      <div class="budget">
        <Amount name="Messages" of="max" budget={budget} change={setBudget} />
        <Amount name="In a second" of="perSecond" budget={budget} change={setBudget} />
        <Amount name="Seconds" of="seconds" budget={budget} change={setBudget} />
        <button
          type="button"
          onClick={isOn ? end : () => begin({ path, max, perSecond, ttlMs: seconds * 1000 })}
        >
          {isOn ? 'End the trace' : 'Trace'}
        </button>
      </div>
      <p role="status" class="quiet">
        {state.status !== 'none' && `${grouped(state.all)} messages`}
        {state.skipped > 0 && `, ${grouped(state.skipped)} skipped`}
        {state.because !== '' && ` · ${state.because}`}
      </p>
      {state.messages.length > 0 && <Messages messages={state.messages} all={state.all} />}
    </Panel>
  );
}

type AmountProps = {
  readonly name: string;
  readonly of: keyof Budget;
  readonly budget: Budget;
  readonly change: (budget: Budget) => void;
};

function Amount({ name, of, budget, change }: AmountProps) {
  const id = useId();
  return (
    <span>
      <label for={id}>{name}</label>{' '}
      <input
        id={id}
        type="number"
        min={1}
        max={LIMITS[of]}
        value={budget[of]}
        onInput={({ currentTarget }) => {
          const value = Math.trunc(Number(currentTarget.value));
          change({ ...budget, [of]: Math.max(1, Math.min(LIMITS[of], value)) });
        }}
      />
    </span>
  );
}

type MessagesProps = { readonly messages: readonly TracedMessage[]; readonly all: number };

function Messages({ messages, all }: MessagesProps) {
  return (
    <Scroller label="Table of messages">
      <table>
        <thead>
          <tr>
            <th scope="col" class="number">
              After
            </th>
            <th scope="col">Message</th>
            <th scope="col" class="number">
              Took
            </th>
            <th scope="col" class="number">
              Waiting
            </th>
            <th scope="col">Outcome</th>
          </tr>
        </thead>
        <tbody>
          {messages.map((message, index) => (
            <tr key={all - index}>
              <td class="number">{duration(message.atMs * 1000)}</td>
              <td>
                <code>{message.name}</code>
              </td>
              <td class="number">{duration(message.tookMs * 1000)}</td>
              <td class="number">{count(message.depth)}</td>
              <td class={message.outcome === 'failed' ? 'bad' : ''}>
                {message.outcome === 'failed' ? `✕ failed: ${message.error ?? ''}` : 'done'}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scroller>
  );
}
