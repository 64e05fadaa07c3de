/** What a program takes out of texts before they leave its thread; where that fails, the whole text. */

/** Never throws. */
export function redaction(redact: (text: string) => string): (text: string) => string {
  return (text) => {
    try {
      return String(redact(text));
    } catch {
      return '(its redaction failed)';
    }
  };
}
