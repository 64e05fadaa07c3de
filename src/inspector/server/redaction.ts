/** What a program takes out of texts before they leave its thread; where that fails, the whole text. */

/**
 * Characters that are taken along for it where a text is cut, and dropped after. Higher: a longer secret is
 * found where only its beginning is left. Lower: less work for a text of any length.
 */
export const SECRET_MAX = 2000;

/** At most `max` characters of what is left of a text. Never throws. */
export type Redaction = (text: string, max: number) => string;

/** All texts in plain data; what is no text stays. */
export function redactedAll(value: unknown, redact: Redaction): unknown {
  if (typeof value === 'string') return redact(value, Number.POSITIVE_INFINITY);
  if (Array.isArray(value)) return value.map((one) => redactedAll(one, redact));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, one]) => [key, redactedAll(one, redact)]),
  );
}

/** Of what a program gives, which sees at most `max + SECRET_MAX` characters. */
export function redaction(redact: (text: string) => string): Redaction {
  return (text, max) => {
    try {
      const left = String(redact(text.slice(0, max + SECRET_MAX)));
      // Its end may be the beginning of a secret, which nobody could find.
      const isCut = text.length >= max + SECRET_MAX;
      return (isCut ? left.slice(0, -SECRET_MAX) : left).slice(0, max);
    } catch {
      return '(its redaction failed)';
    }
  };
}
