/**
 * Actors that meet: chameneos (creatures come in pairs to a mall and change their colours) and big
 * (everyone asks a random other one, again and again).
 */
import { type AnyRef, actor } from 'ringmaster';

type Visit = { readonly who: AnyRef; readonly colour: number };

/** Pairs visitors up; after so many meetings it says so, and lets nobody in. */
export const Mall = actor(import.meta.url, {
  name: 'Mall',
  setup({ finish }: { readonly finish: AnyRef }) {
    let left = 0;
    let meetings = 0;
    let first: Visit | null = null;
    let outside: Visit[] = [];
    const visit = (visitor: Visit): void => {
      if (left === 0) {
        outside.push(visitor);
        return;
      }
      if (first === null) {
        first = visitor;
        return;
      }
      const { who, colour } = first;
      first = null;
      meetings++;
      left--;
      who.tell('met', visitor.colour);
      visitor.who.tell('met', colour);
      if (left === 0) finish.tell('done', meetings);
    };
    return {
      open: (count: number) => {
        left = count;
        meetings = 0;
        const waiting = outside;
        outside = [];
        for (const visitor of waiting) visit(visitor);
      },
      visit,
    };
  },
});

/** Visits the mall, takes the third colour after a meeting, and visits again. */
export const Creature = actor(import.meta.url, {
  name: 'Creature',
  setup(args: { readonly mall: AnyRef; readonly colour: number }, ctx) {
    const { mall } = args;
    let { colour } = args;
    const who = ctx.self;
    mall.tell('visit', { who, colour });
    return {
      met: (other: number) => {
        if (other !== colour) colour = 3 - colour - other;
        mall.tell('visit', { who, colour });
      },
    };
  },
});

/** Asks a neighbour by chance, as often as it is told; then says so. */
export const Neighbour = actor(import.meta.url, {
  name: 'Neighbour',
  setup({ sink }: { readonly sink: AnyRef }, ctx) {
    let all: readonly AnyRef[] = [];
    let left = 0;
    const { self } = ctx;
    const next = (): void => {
      all[ctx.random(all.length)]?.tell('ping', self);
    };
    return {
      neighbours: (refs: readonly AnyRef[]) => {
        all = refs;
      },
      run: (pings: number) => {
        left = pings;
        next();
      },
      ping: (from: AnyRef) => {
        from.tell('pong');
      },
      pong: () => {
        if (--left > 0) next();
        else sink.tell('exited');
      },
    };
  },
});

/** Counts those that are through. */
export const Sink = actor(import.meta.url, {
  name: 'Sink',
  setup({ finish, count }: { readonly finish: AnyRef; readonly count: number }) {
    let seen = 0;
    return {
      exited: () => {
        if (++seen < count) return;
        seen = 0;
        finish.tell('done', count);
      },
    };
  },
});
