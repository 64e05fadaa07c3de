/** `ringmaster explain`: every field of a fleet that fits, with its default and what it means. */
import type { Command } from '../command.ts';
import { CommandError, EXIT } from '../exit-codes.ts';
import { print } from '../output.ts';

/** Fields that are shown at once. */
const FIELDS_MAX = 60;

/** Adds it. */
export function addExplain(program: Command): void {
  program
    .command('explain [field]')
    .description('fields of a fleet, such as rollout.soak, with default and meaning; needs no host')
    .action(async (field: string | undefined) => {
      const { fleetFields } = await import('../../actors/index.ts');
      const all = fleetFields();
      const found = field === undefined ? all : all.filter(({ path }) => isAt(path, field));
      if (found.length === 0) {
        const like = all.filter(({ path }) => path.includes(field?.split('.').at(-1) ?? ''));
        const meant = like.slice(0, 5).map(({ path }) => path);
        const hint = meant.length === 0 ? '' : ` Did you mean ${meant.join(' or ')}?`;
        throw new CommandError(EXIT.usage, `a fleet has no field ${field}.${hint}`);
      }
      const lines = found.slice(0, FIELDS_MAX).flatMap((one) => {
        const { path, type, byDefault, isRequired, description } = one;
        const standard = isRequired ? 'required' : byDefault === null ? '' : `default ${byDefault}`;
        return [`${path}  ${type}${standard === '' ? '' : `, ${standard}`}`, `    ${description}`];
      });
      const more = found.length - FIELDS_MAX;
      print([...lines, ...(more > 0 ? [`and ${more} more; name a field`] : [])].join('\n'));
    });
}

/** The field itself, or what lies in it; the begin of a path may be left out. */
function isAt(path: string, field: string): boolean {
  const at = `.${path}.`;
  return at.includes(`.${field}.`) || path.startsWith(`${field}.`);
}
