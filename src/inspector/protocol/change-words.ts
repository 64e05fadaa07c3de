/** What every change takes beside what is changed. */
import { z } from './words.ts';

/** Of a change of anything. */
export const WISH = {
  reason: z.string().min(1).max(500).describe('kept in the audit log'),
  key: z
    .string()
    .min(1)
    .max(100)
    .describe('of this wish: asked again with it, nothing is done twice'),
  dryRun: z.boolean().optional().describe('says what would be done'),
} as const;

/** Of a change of what has a revision. */
export const WISH_IF = {
  ...WISH,
  ifRevision: z
    .string()
    .min(1)
    .max(100)
    .optional()
    .describe(
      'that it was decided by: with another one now, nothing is done, and it is a `conflict`',
    ),
} as const;
