/** Ends an actor. Shown to roles that may. */
import { useSession } from './use-session.ts';
import { WishForm } from './wish-form.tsx';

/** The form. */
export function StopActor({ path }: { readonly path: string }) {
  const { connection } = useSession();
  return (
    <WishForm
      title="End this actor"
      choices={[
        {
          name: 'End it',
          isDangerous: true,
          ask: async (wish) => {
            const { isDone } = await connection.ask('Actors.stop', { path, ...wish });
            return isDone
              ? 'It ends after its current message. Its supervisor forgets it.'
              : 'It is there, and would end after its current message.';
          },
        },
      ]}
    />
  );
}
