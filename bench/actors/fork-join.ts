/**
 * Actors that are made for one piece of work and end: fork-join (create and throughput) and skynet,
 * a tree of a million questions answered by its leaves.
 */
import { type ActorDefinition, type AnyRef, actor } from 'ringmaster';

/** Does a little arithmetic for each message; ends when asked to. */
export const Worker = actor(import.meta.url, {
  name: 'Worker',
  setup({ home }: { readonly home: AnyRef }, ctx) {
    let seen = 0;
    return {
      once: (x: number) => {
        home.tell('did', x & 1);
        ctx.exit();
      },
      work: () => {
        seen++;
      },
      report: () => {
        home.tell('did', seen);
      },
    };
  },
});

/** Makes workers and adds up what they report. */
export const Forker = actor(import.meta.url, {
  name: 'Forker',
  // All workers may report before its turn comes.
  mailbox: { capacity: 1_048_576 },
  setup({ finish }: { readonly finish: AnyRef }, ctx) {
    let left = 0;
    let sum = 0;
    let workers: AnyRef[] = [];
    const home = ctx.self;
    return {
      /** One message each, and each ends after it. */
      create: (count: number) => {
        left = count;
        sum = 0;
        for (let index = 0; index < count; index++) {
          ctx.spawn(Worker, { args: { home } }).tell('once', index);
        }
      },
      /** Many messages to each of sixty, in turn. */
      throughput: (each: number) => {
        if (workers.length === 0) {
          const make = (): AnyRef => ctx.spawn(Worker, { args: { home } }) as AnyRef;
          workers = Array.from({ length: 60 }, make);
        }
        left = workers.length;
        sum = 0;
        for (let index = 0; index < each; index++) {
          for (const worker of workers) worker.tell('work');
        }
        for (const worker of workers) worker.tell('report');
      },
      did: (result: number) => {
        sum += result;
        if (--left === 0) finish.tell('done', sum);
      },
    };
  },
});

type SkynetArguments = { readonly parent: AnyRef; readonly from: number; readonly size: number };
type SkynetHandlers = { sum(part: number): void };

/**
 * Ten children, each for a tenth of the numbers; a leaf tells its number and ends with its parent.
 */
export const Skynet: ActorDefinition<SkynetArguments, SkynetHandlers> = actor(import.meta.url, {
  name: 'Skynet',
  setup({ parent, from, size }: SkynetArguments, ctx) {
    let left = 10;
    let sum = 0;
    if (size === 1) parent.tell('sum', from);
    else {
      const tenth = size / 10;
      for (let index = 0; index < 10; index++) {
        const args = { parent: ctx.self, from: from + index * tenth, size: tenth };
        ctx.spawn(Skynet, { args });
      }
    }
    return {
      sum: (part: number) => {
        sum += part;
        if (--left > 0) return;
        parent.tell('sum', sum);
        ctx.exit();
      },
    };
  },
});

/** Grows such a tree, and tells the sum of its leaves. */
export const SkynetRoot = actor(import.meta.url, {
  name: 'SkynetRoot',
  setup({ finish }: { readonly finish: AnyRef }, ctx) {
    return {
      grow: (size: number) => {
        ctx.spawn(Skynet, { args: { parent: ctx.self, from: 0, size } });
      },
      sum: (total: number) => {
        finish.tell('done', total);
      },
    };
  },
});
