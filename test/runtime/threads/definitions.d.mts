/** The types of definitions.mjs, as far as the tests need them. */
import type { AnyDefinition } from 'ringmaster';

export const Patient: AnyDefinition;
export const Stillborn: AnyDefinition;
export const Sink: AnyDefinition;
export const Narrow: AnyDefinition;
export const Gate: AnyDefinition;
