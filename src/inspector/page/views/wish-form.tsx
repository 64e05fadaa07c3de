/**
 * Asks for a change: with a reason, which is kept in the audit log, and first without doing it, if somebody
 * wants to see. Each wish has a key, so that one that is sent twice is granted once.
 */
import { uniqueText } from '../browser.ts';
import { type ComponentChildren, useId, useState } from '../preact.ts';
import { Panel } from './panel.tsx';

/** What every change is asked with. */
export type Wish = { readonly reason: string; readonly key: string; readonly dryRun: boolean };

/** One change that can be wished for. */
export type Choice = {
  readonly name: string;
  readonly isDangerous?: boolean;
  /** What became of it, for people. Rejects with why it was not done. */
  readonly ask: (wish: Wish) => Promise<string>;
};

/** The changes of one thing. */
export type WishFormProps = {
  readonly title: string;
  readonly choices: readonly Choice[];
  /** Other fields. */
  readonly children?: ComponentChildren;
};

type Said = { readonly text: string; readonly isBad: boolean };

/** The form. */
export function WishForm({ title, choices, children }: WishFormProps) {
  const id = useId();
  const [reason, setReason] = useState('');
  // What was granted, or was wished for with another reason, is another wish.
  const [key, setKey] = useState(uniqueText);
  const [isTrial, setIsTrial] = useState(false);
  const [isAsking, setIsAsking] = useState(false);
  const [said, setSaid] = useState<Said | null>(null);
  const choose = async ({ name, ask }: Choice): Promise<void> => {
    setIsAsking(true);
    try {
      setSaid({
        isBad: false,
        text: await ask({ reason, key: `${key} ${name}`, dryRun: isTrial }),
      });
      if (!isTrial) setKey(uniqueText());
    } catch (error) {
      setSaid({ isBad: true, text: `Not done: ${(error as Error).message}` });
    }
    setIsAsking(false);
  };
  const isReady = reason.trim() !== '' && !isAsking;
  return (
    <Panel title={title} class="wish">
      {children}
      <label for={`${id}-reason`}>Reason, for the audit log</label>
      <input
        id={`${id}-reason`}
        type="text"
        maxLength={500}
        placeholder="Why; no change is made without"
        value={reason}
        onInput={({ currentTarget }) => {
          setReason(currentTarget.value);
          setKey(uniqueText());
        }}
      />
      <div class="buttons">
        {choices.map((choice) => (
          <button
            key={choice.name}
            type="button"
            class={choice.isDangerous === true ? 'danger' : ''}
            disabled={!isReady}
            onClick={() => void choose(choice)}
          >
            {choice.name}
          </button>
        ))}
        <label class="check">
          <input
            type="checkbox"
            checked={isTrial}
            onChange={({ currentTarget }) => setIsTrial(currentTarget.checked)}
          />
          Only try: say what would be done
        </label>
      </div>
      <p role="status" class={said?.isBad === true ? 'bad' : ''}>
        {said?.text ?? ''}
      </p>
    </Panel>
  );
}
