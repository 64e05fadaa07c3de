/**
 * Finds a regular expression that may take for ever: it would stop the brain's own thread at the first text
 * that brings it about, and the brain with it. Tried on texts that are made for that, each of which it has to
 * leave in time; not all such expressions are found.
 */
import { runInNewContext } from 'node:vm';

/** Characters of a text. Higher: what is slow is told from what is endless less well. */
const TEXT_LENGTH = 1000;
/** For all texts of one. Higher: slower ones pass. Lower: a machine that is busy refuses good ones. */
const ALL_MS = 1000;
/** What many expressions repeat; with what stands in their own source. */
const USUAL = ['a', 'A', '0', ' ', '-', '_', '.', '/', '='];
/** It ends a text so that it fits no expression that wants the end. */
const LAST = '\u0001';

/** The first that is, or null. */
export function endlessOf(patterns: readonly string[]): string | null {
  return patterns.find((source) => !endsInTime(source)) ?? null;
}

function endsInTime(source: string): boolean {
  const parts = new Set([...USUAL, ...source, ...(source.match(/\w+/g) ?? [])]);
  const texts = [...parts].map((part) => `${part.repeat(TEXT_LENGTH / part.length)}${LAST}`);
  try {
    runInNewContext(
      'for (const text of texts) text.replaceAll(new RegExp(source, "gu"), "");',
      { source, texts },
      { timeout: ALL_MS },
    );
    return true;
  } catch {
    return false;
  }
}
