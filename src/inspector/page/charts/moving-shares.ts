/** Shares on their way from old to new: whoever is new grows, whoever is gone shrinks. Pure. */

/** A part of a whole. `step`: its colour, which it keeps on its way. */
export type Part = { readonly name: string; readonly weight: number; readonly step: number };

/** `at`: from 0, all as before, to 1, all as after. In the order of names, where both have theirs. */
export function sharesBetween(
  before: readonly Part[],
  after: readonly Part[],
  at: number,
): readonly Part[] {
  if (at >= 1) return after;
  const [had, has] = [byName(before), byName(after)];
  const names = [...new Set([...had.keys(), ...has.keys()])].sort();
  return names.map((name) => {
    const [from, to] = [had.get(name), has.get(name)];
    const weight = (from?.weight ?? 0) + ((to?.weight ?? 0) - (from?.weight ?? 0)) * eased(at);
    return { name, weight, step: (to ?? from)?.step ?? 0 };
  });
}

/** Whether there is anything to move. */
export function isSame(before: readonly Part[], after: readonly Part[]): boolean {
  const isEqual = ({ name, weight }: Part, i: number): boolean =>
    before[i]?.name === name && before[i]?.weight === weight;
  return before.length === after.length && after.every(isEqual);
}

/** Slow at both ends. */
const eased = (at: number): number => at * at * (3 - 2 * at);

/** As shares: wholes of another size are not compared by their size. */
function byName(parts: readonly Part[]): ReadonlyMap<string, Part> {
  const all = parts.reduce((sum, { weight }) => sum + weight, 0);
  return new Map(parts.map((one) => [one.name, { ...one, weight: one.weight / (all || 1) }]));
}
