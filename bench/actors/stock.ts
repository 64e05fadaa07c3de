/**
 * Actors with something to look after: a bounded buffer between producers and consumers, and bank
 * accounts between which a teller moves money, each move acknowledged.
 */
import { type AnyRef, actor } from 'ringmaster';

/** Room for so many items; whoever finds it full or empty waits for its turn. */
export const Buffer = actor(import.meta.url, {
  name: 'Buffer',
  setup({ finish, room }: { readonly finish: AnyRef; readonly room: number }) {
    const items: number[] = [];
    let at = 0;
    let blocked: AnyRef[] = [];
    const hungry: AnyRef[] = [];
    let left = 0;
    let sum = 0;
    const hand = (item: number, to: AnyRef): void => {
      to.tell('take', item);
    };
    return {
      expect: (count: number) => {
        left = count;
        sum = 0;
      },
      put: ({ from, item }: { readonly from: AnyRef; readonly item: number }) => {
        const eater = hungry.pop();
        if (eater !== undefined) hand(item, eater);
        else items.push(item);
        if (items.length - at < room) from.tell('more');
        else blocked.push(from);
      },
      get: (from: AnyRef) => {
        if (at === items.length) {
          hungry.push(from);
          return;
        }
        hand(items[at++] ?? 0, from);
        if (at < 1024) return;
        items.splice(0, at);
        at = 0;
      },
      took: (item: number) => {
        sum += item;
        for (const from of blocked) from.tell('more');
        blocked = [];
        if (--left === 0) finish.tell('done', sum);
      },
    };
  },
});

/** Puts so many items, one as soon as there is room for it. */
export const Maker = actor(import.meta.url, {
  name: 'Maker',
  setup({ buffer }: { readonly buffer: AnyRef }, ctx) {
    let left = 0;
    const from = ctx.self;
    const put = (): void => {
      if (left-- > 0) buffer.tell('put', { from, item: left & 7 });
    };
    return {
      run: (count: number) => {
        left = count;
        put();
      },
      more: put,
    };
  },
});

/** Takes an item, and the next. */
export const Eater = actor(import.meta.url, {
  name: 'Eater',
  setup({ buffer }: { readonly buffer: AnyRef }, ctx) {
    const { self } = ctx;
    buffer.tell('get', self);
    return {
      take: (item: number) => {
        buffer.tell('took', item);
        buffer.tell('get', self);
      },
    };
  },
});

/** An account: pays out to another one and waits for that one's word. */
export const Account = actor(import.meta.url, {
  name: 'Account',
  setup() {
    let balance = 1000;
    return {
      deposit: (amount: number) => {
        balance += amount;
        return balance;
      },
      transfer: async ({ to, amount }: { readonly to: AnyRef; readonly amount: number }) => {
        balance -= amount;
        await to.ask('deposit', amount);
        return amount;
      },
    };
  },
});

/** Moves money by chance between accounts; an account pays only to those behind it. */
export const Teller = actor(import.meta.url, {
  name: 'Teller',
  setup({ finish, accounts }: { readonly finish: AnyRef; readonly accounts: number }, ctx) {
    const all: AnyRef[] = [];
    for (let index = 0; index < accounts; index++) all.push(ctx.spawn(Account) as AnyRef);
    let left = 0;
    let moved = 0;
    let count = 0;
    const { self } = ctx;
    const next = (): void => {
      const from = ctx.random(accounts - 1);
      const to = all[from + 1 + ctx.random(accounts - from - 1)];
      all[from]?.ask('transfer', { to, amount: 1 }).then(
        () => self.tell('moved'),
        () => self.tell('moved'),
      );
    };
    return {
      /** A hundred moves are under way at any time. */
      run: (moves: number) => {
        count = moves;
        moved = 0;
        left = moves - 100;
        for (let index = 0; index < 100; index++) next();
      },
      moved: () => {
        moved++;
        if (left-- > 0) next();
        else if (moved === count) finish.tell('done', moved);
      },
    };
  },
});
