/** A message's name as a text, whatever a caller without types has sent for one. Never throws. */
export function nameText(name: unknown): string {
  if (typeof name === 'string') return name;
  try {
    return String(name);
  } catch {
    return 'a name that cannot be read';
  }
}
