/**
 * Answers `Actors.list` from the columns that are kept for whoever watches: the system's thread tells names
 * once, and is not asked again while somebody goes on asking.
 */
import type { ParamsOf, ResultOf } from '../protocol/schema.ts';
import type { Board } from '../topics/board.ts';

/** Thread rule: the inspector's thread. */
export function actorList(
  board: Board,
): (params: ParamsOf<'Actors.list'>) => Promise<ResultOf<'Actors.list'>> {
  return async (params) => {
    board.watch('actors');
    try {
      await board.topics.actors.known();
      board.look('actors', board.nowMs());
      return board.topics.actors.list(params);
    } finally {
      board.unwatch('actors');
    }
  };
}
