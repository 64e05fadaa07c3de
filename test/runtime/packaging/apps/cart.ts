/** A definition in TypeScript, loaded by a thread from its source. */
import { actor } from 'ringmaster';

type Line = { readonly sku: string; readonly qty: number };

export const Cart = actor(import.meta.url, {
  name: 'Cart',
  setup(args: { readonly user: string }, ctx) {
    const items = new Map<string, number>();
    return {
      add: (line: Line) => void items.set(line.sku, (items.get(line.sku) ?? 0) + line.qty),
      total: () => [...items.values()].reduce((sum, qty) => sum + qty, 0),
      owner: () => `${args.user} on thread ${ctx.thread}`,
    };
  },
});
