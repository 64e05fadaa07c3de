/** What the agent's reports and refusals mean to whoever started an instance. Pure. */
import type { ChildReport } from '../../agent/index.ts';

/** It may work at the next attempt: nothing is known of what became of this one. */
const TRANSIENT: readonly string[] = [
  'RM_AGENT_FENCED',
  'RM_AGENT_GONE',
  'RM_AGENT_TIMEOUT',
  'RM_AGENT_BUSY',
];

/** Ends that look alike have the same one. */
export function signatureOf({ exit }: Pick<ChildReport, 'exit'>): string {
  if (exit?.signal != null) return `signal ${exit.signal}`;
  return exit?.code == null ? 'ended unseen' : `exit ${exit.code}`;
}

/** Another brain leads. */
export function isFenced(error: unknown): boolean {
  return codeOf(error) === 'RM_AGENT_FENCED';
}

/** Whether what was asked may be asked again, the very same. */
export function isTransient(error: unknown): boolean {
  return TRANSIENT.includes(codeOf(error));
}

function codeOf(error: unknown): string {
  return String((error as { readonly code?: unknown }).code);
}
