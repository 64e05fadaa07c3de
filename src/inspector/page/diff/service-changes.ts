/** Services that came, went, or are otherwise at two moments. Pure. */
import type { RowOf } from '../../protocol/topics.ts';

type Service = RowOf<'services'>;

/** One of them; `fields`: what is other than before, as text. */
export type ServiceChange = {
  readonly service: string;
  readonly kind: 'came' | 'went' | 'changed';
  readonly fields: readonly {
    readonly name: string;
    readonly from: string;
    readonly to: string;
  }[];
};

/** Fields that people decide by, and how each is told. */
const FIELDS: readonly (readonly [string, (row: Service) => string])[] = [
  ['state', ({ state }) => state],
  ['version', ({ version }) => version],
  ['target', ({ target }) => target ?? 'none'],
  ['phase', ({ phase }) => phase],
  ['step', ({ step }) => (step === '' ? 'none' : step)],
  ['weight', ({ weight }) => `${weight} %`],
  ['ready', ({ ready, wanted }) => `${ready} of ${wanted}`],
  ['needed', ({ demand }) => String(demand)],
  ['healing', ({ healing }) => healing],
  ['ring', ({ generation }) => (generation === null ? 'none' : `generation ${generation}`)],
  ['frozen', ({ isFrozen }) => (isFrozen ? 'yes' : 'no')],
  ['held by', ({ heldBy }) => heldBy ?? 'nothing'],
];

/** By name. */
export function serviceChanges(
  a: ReadonlyMap<string, Service>,
  b: ReadonlyMap<string, Service>,
): ServiceChange[] {
  const names = [...new Set([...a.keys(), ...b.keys()])].sort();
  return names.flatMap((service): ServiceChange[] => {
    const [old, now] = [a.get(service), b.get(service)];
    if (old === undefined || now === undefined) {
      const kind = old === undefined ? 'came' : 'went';
      return [{ service, kind, fields: [] }];
    }
    const fields = FIELDS.map(([name, text]) => ({ name, from: text(old), to: text(now) }));
    const others = fields.filter(({ from, to }) => from !== to);
    return others.length === 0 ? [] : [{ service, kind: 'changed', fields: others }];
  });
}
