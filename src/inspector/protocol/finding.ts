/** What is wrong somewhere, as it is told. */
import { z } from './words.ts';

/** One thing. */
export const FINDING = z.strictObject({
  about: z.string().describe('a path, a thread, the system; a service or one of its slots'),
  what: z.string(),
  evidence: z.array(z.string()).describe('a line each, the newest first'),
  next: z.string().describe('the command to look, or to do something about it'),
});
/** One thing. */
export type Finding = z.infer<typeof FINDING>;
