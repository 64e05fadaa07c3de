/** Asks for a token. It goes to the server in the body of one request, and into this tab's memory. */
import { useState } from '../preact.ts';
import { OpenRecording } from './open-recording.tsx';
import { useSession } from './use-session.ts';

/** The form. `because`: why there is no (more) connection. */
export function SignIn({ because }: { readonly because: string | null }) {
  const { connection } = useSession();
  const [token, setToken] = useState('');
  return (
    <main class="sign-in" id="main">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (token.trim() !== '') connection.signIn(token);
        }}
      >
        <h1>
          <span class="ring" aria-hidden="true" /> Ringmaster
        </h1>
        <p class="quiet">
          A token opens the inspector: the content of <code>viewer.token</code>,{' '}
          <code>operator.token</code> or <code>admin.token</code> in the inspector's directory.
        </p>
        <label for="token">Token</label>
        <input
          id="token"
          type="password"
          autocomplete="off"
          spellcheck={false}
          value={token}
          aria-describedby="token-note"
          aria-invalid={because !== null}
          onInput={({ currentTarget }) => setToken(currentTarget.value)}
        />
        <p id="token-note" class={because === null ? 'quiet' : 'bad'} role="status">
          {because ?? 'It is kept until this tab is closed, and is in no address.'}
        </p>
        <button type="submit" class="primary">
          Open the inspector
        </button>
        <p class="quiet">
          Without a server: <OpenRecording />
        </p>
      </form>
    </main>
  );
}
