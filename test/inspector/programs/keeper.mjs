/** An actor that keeps what it is told, for the inspector's tests. */
import { actor } from 'ringmaster';

export const Keeper = actor(import.meta.url, {
  name: 'Keeper',
  setup() {
    let kept = '';
    return {
      keep(text) {
        kept = text;
      },
      crash(text) {
        throw new Error(`told ${text}, kept ${kept}`);
      },
    };
  },
});
