/** Opens a recording that was saved: it is read by the page alone, and sent to nobody. */
import { bytesOf } from '../browser.ts';
import { useId, useState } from '../preact.ts';
import { useSession } from './use-session.ts';

/** The field. */
export function OpenRecording() {
  const id = useId();
  const session = useSession();
  const [wrong, setWrong] = useState('');
  const open = async (file: File): Promise<void> => {
    try {
      await session.openRecording(file.name, await bytesOf(file));
    } catch (error) {
      setWrong(`It cannot be opened: ${(error as Error).message}.`);
    }
  };
  return (
    <span class="open-recording">
      <label for={id}>Open a recording</label>{' '}
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
