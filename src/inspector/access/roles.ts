/** Who may do what: three roles, each of which may do all that the one before it may. */

/** From the least to the most. */
export const ROLES = ['viewer', 'operator', 'admin'] as const;

/** What a client is. */
export type Role = (typeof ROLES)[number];

/** Whether `role` may do what `needed` may. */
export function mayAct(role: Role, needed: Role): boolean {
  return ROLES.indexOf(role) >= ROLES.indexOf(needed);
}
