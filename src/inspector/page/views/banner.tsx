/** Says when what is shown is not what is: there is no connection, or not one that can be used. */
import { useChanges, useSession } from './use-session.ts';

/** Nothing while all is well. */
export function Banner() {
  const { connection } = useSession();
  useChanges(connection.changes);
  const { state, hello } = connection;
  if (
    state.kind === 'open' ||
    state.kind === 'replaying' ||
    (state.kind === 'connecting' && hello === null)
  )
    return null;
  const isMismatch = state.kind === 'mismatch';
  return (
    <div class="banner" role="alert">
      <b>{isMismatch ? 'This page does not fit the server.' : 'Not connected.'}</b>{' '}
      {'because' in state && state.because}{' '}
      {isMismatch
        ? 'Load the page anew.'
        : hello === null
          ? 'Trying again.'
          : 'What you see is as it was then. Trying again.'}{' '}
      {state.kind === 'waiting' && (
        <button type="button" onClick={() => connection.connect()}>
          Try now
        </button>
      )}
      {isMismatch && (
        <button type="button" onClick={() => location.reload()}>
          Reload
        </button>
      )}
    </div>
  );
}
