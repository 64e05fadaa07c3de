/** Ends an actor: with a reason, which is kept in the audit log, and a look beforehand whether it is there. */
import { uniqueText } from '../browser.ts';
import { useState } from '../preact.ts';
import { Panel } from './panel.tsx';
import { useSession } from './use-session.ts';

type Said = { readonly text: string; readonly isBad: boolean };

/** Shown to roles that may. */
export function StopActor({ path }: { readonly path: string }) {
  const { connection } = useSession();
  const [reason, setReason] = useState('');
  // One wish, however often it is sent: another reason is another wish.
  const [key, setKey] = useState(uniqueText);
  const [said, setSaid] = useState<Said | null>(null);
  const ask = (dryRun: boolean): void => {
    connection.ask('Actors.stop', { path, reason, key, dryRun }).then(
      ({ isDone }) =>
        setSaid({
          isBad: false,
          text: isDone
            ? 'It ends after its current message. Its supervisor forgets it.'
            : 'It is there, and would end after its current message.',
        }),
      (error) => setSaid({ isBad: true, text: `Not done: ${(error as Error).message}.` }),
    );
  };
  const isReady = reason.trim() !== '';
  return (
    <Panel title="End this actor" class="stop">
      <label for="reason">Reason, for the audit log</label>
      <input
        id="reason"
        type="text"
        maxLength={500}
        value={reason}
        onInput={({ currentTarget }) => {
          setReason(currentTarget.value);
          setKey(uniqueText());
        }}
      />
      <div class="buttons">
        <button type="button" disabled={!isReady} onClick={() => ask(true)}>
          Try without doing it
        </button>
        <button type="button" class="danger" disabled={!isReady} onClick={() => ask(false)}>
          End it
        </button>
      </div>
      <p role="status" class={said?.isBad === true ? 'bad' : ''}>
        {said?.text ?? ''}
      </p>
    </Panel>
  );
}
