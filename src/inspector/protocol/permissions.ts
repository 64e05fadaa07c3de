/** Which methods a role may call: the schema's, and nothing besides. Pure. */
import { mayAct, type Role } from '../access/roles.ts';
import { METHODS, type MethodName } from './schema.ts';

/** Whether a text is the name of a method. */
export function isMethod(name: string): name is MethodName {
  return Object.hasOwn(METHODS, name);
}

/** Whether the role may call it. */
export function mayCall(role: Role, name: MethodName): boolean {
  return mayAct(role, METHODS[name].role);
}

/** All that a role may call, in the schema's order. */
export function methodsOf(role: Role): readonly MethodName[] {
  return (Object.keys(METHODS) as MethodName[]).filter((name) => mayCall(role, name));
}
