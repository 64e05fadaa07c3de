import type { AnyDefinition } from 'ringmaster';

export const Account: AnyDefinition;
export const Note: AnyDefinition;
