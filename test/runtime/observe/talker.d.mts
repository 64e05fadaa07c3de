import type { AnyDefinition } from 'ringmaster';
export const Talker: AnyDefinition;
