import type { ActorDefinition } from 'ringmaster';

export const Keeper: ActorDefinition<
  undefined,
  { keep(text: string): void; crash(text: string): void }
>;
