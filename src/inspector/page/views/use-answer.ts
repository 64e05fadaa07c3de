/** What a method answers, asked again and again while it is seen: a tab in the background asks nothing. */
import type { MethodName, ParamsOf, ResultOf } from '../../protocol/schema.ts';
import { after, isSeen, onSeen } from '../browser.ts';
import type { QuestionError } from '../connection/questions.ts';
import { useEffect, useState } from '../preact.ts';
import { useChanges, useSession } from './use-session.ts';

/** The last answer, and why there is none (any more). */
export type Answered<M extends MethodName> = {
  readonly result: ResultOf<M> | null;
  readonly wrong: string | null;
};

/** `everyMs` after each answer, and at once with other params. Null: there is nothing to ask. */
export function useAnswer<M extends MethodName>(
  method: M,
  params: ParamsOf<M> | null,
  everyMs: number,
): Answered<M> {
  const { connection } = useSession();
  useChanges(connection.changes);
  const [isShown, setIsShown] = useState(isSeen);
  useEffect(() => onSeen(() => setIsShown(isSeen())), []);
  const isOpen = isShown && connection.state.kind === 'open';
  const [answered, setAnswered] = useState<Answered<M>>({ result: null, wrong: null });
  const asked = params === null ? null : JSON.stringify(params);
  useEffect(() => {
    let isOver = false;
    let stop = (): void => undefined;
    const look = (text: string): void => {
      connection
        .ask(method, JSON.parse(text) as ParamsOf<M>)
        .then(
          (result) => {
            if (!isOver) setAnswered({ result, wrong: null });
          },
          (error: QuestionError) => {
            // What is shown stays, with whatever somebody is typing there: the banner says that it is old.
            if (isOver || error.reason === 'lost') return;
            setAnswered({ result: null, wrong: error.message });
          },
        )
        .finally(() => {
          if (!isOver) stop = after(everyMs, () => look(text));
        });
    };
    if (isOpen && asked !== null) look(asked);
    return () => {
      isOver = true;
      stop();
    };
  }, [connection, isOpen, method, asked, everyMs]);
  if (connection.state.kind !== 'replaying') return answered;
  return { result: null, wrong: 'A recording does not hold this.' };
}
