/** For whoever asks about all services one by one: one of them may be removed meanwhile. */

/** It was removed since its name was told. @throws what is anything else */
export function nullIfGone(error: unknown): null {
  if ((error as { readonly code?: unknown }).code === 'RM_CONTROL_UNKNOWN') return null;
  throw error;
}
