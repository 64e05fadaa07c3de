/** Actors in a ring that pass a token on; its number falls with each hop. */
import { type AnyRef, actor } from 'ringmaster';

/** One of the ring. `next` is told before the first token. */
export const RingMember = actor(import.meta.url, {
  name: 'RingMember',
  setup({ finish }: { readonly finish: AnyRef }) {
    let next: AnyRef = finish;
    return {
      next: (ref: AnyRef) => {
        next = ref;
      },
      pass: (left: number) => {
        if (left === 0) finish.tell('done', left);
        else next.tell('pass', left - 1);
      },
    };
  },
});
