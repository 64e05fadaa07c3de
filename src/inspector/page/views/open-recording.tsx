/** Opens a recording that was saved: it is read by the page alone, and sent to nobody. */
import { bytesOf } from '../browser.ts';
import { useId, useState } from '../preact.ts';
import { useSession } from './use-session.ts';

/** The field. */
export function OpenRecording() {
  const session = useSession();
  return (
    <RecordingField
      label="Open a recording"
      opened={(name, bytes) => session.openRecording(name, bytes)}
    />
  );
}

/** What is done with the file. */
export type RecordingFieldProps = {
  readonly label: string;
  /** Rejects with why it cannot be. */
  readonly opened: (name: string, bytes: Uint8Array) => Promise<void>;
};

/** A field for any recording. */
export function RecordingField({ label, opened }: RecordingFieldProps) {
  const id = useId();
  const [wrong, setWrong] = useState('');
  const open = async (file: File): Promise<void> => {
    try {
      await opened(file.name, await bytesOf(file));
      setWrong('');
    } catch (error) {
      setWrong(`It cannot be opened: ${(error as Error).message}.`);
    }
  };
  return (
    <span class="open-recording">
      <label for={id}>{label}</label>{' '}
      <input
        id={id}
        type="file"
        accept=".recording"
        onChange={({ currentTarget }) => {
          const file = currentTarget.files?.[0];
          if (file !== undefined) void open(file);
        }}
      />
      <span role="status" class={wrong === '' ? '' : 'bad'}>
        {wrong}
      </span>
    </span>
  );
}
