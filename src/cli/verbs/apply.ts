/** `ringmaster lint`, `diff` and `apply`: a fleet from a file, checked, compared, taken in. */

import type { AppliedService } from '../../drivers/client.ts';
import type { Command } from '../command.ts';
import { CommandError, EXIT } from '../exit-codes.ts';
import { type CommonOptions, withHost } from '../host-door.ts';
import { print } from '../output.ts';

type FileOptions = CommonOptions & {
  readonly file: string;
  readonly allow?: readonly string[];
  readonly remove?: readonly string[];
};

const MARKS = { new: '+', changed: '~', same: ' ', left: '?', removed: '-' } as const;
const WHATS = {
  new: 'new',
  changed: 'another revision',
  same: 'as it is',
  left: 'not in this fleet any more; it goes on until you say --remove',
  removed: 'removed',
} as const;

/** Adds them. */
export function addApply(program: Command): void {
  const withFile = (name: string, what: string): Command =>
    program
      .command(name)
      .description(what)
      .option('-f, --file <file>', 'the fleet: .yaml, .json or .mjs', 'fleet.yaml');
  const withWords = (command: Command): Command =>
    command
      .option(
        '--remove <service...>',
        'services that the fleet no longer names, and that are to go',
      )
      .option('--allow <token...>', 'what a refusal has named');
  withFile('lint', 'check a fleet; needs no host').action(async (_, command: Command) => {
    const { file } = command.optsWithGlobals<FileOptions>();
    const { readFleetFile } = await import('../fleet-file.ts');
    const { fleet } = await readFleetFile(file);
    const count = Object.keys(fleet.services).length;
    print(`${file}: fleet ${fleet.name} with ${count} service${count === 1 ? '' : 's'} is sound`);
  });
  withWords(withFile('diff', 'what apply would change; ends with 7 when it would')).action(
    async (_, command: Command) => {
      const services = await sent(command.optsWithGlobals<FileOptions>(), true);
      print(linesOf(services));
      const isSame = services.every(({ outcome }) => outcome === 'same' || outcome === 'left');
      if (!isSame) process.exitCode = EXIT.changes;
    },
  );
  withWords(withFile('apply', 'take a fleet in; the rollout goes on by itself')).action(
    async (_, command: Command) => {
      print(linesOf(await sent(command.optsWithGlobals<FileOptions>(), false)));
    },
  );
}

/** Gives a fleet to the host. @throws CommandError */
export async function sent(
  options: FileOptions,
  dryRun: boolean,
): Promise<readonly AppliedService[]> {
  // Reading a fleet needs its whole schema: only who reads one waits for it.
  const { readFleetFile } = await import('../fleet-file.ts');
  const { data, folder } = await readFleetFile(options.file);
  const { allow = [], remove = [] } = options;
  const question = { data, folder, dryRun, allow, remove };
  const { services } = await withHost(options, (host) =>
    host.ask<{ services: readonly AppliedService[] }>('Fleet.apply', question),
  );
  if (services.length === 0) throw new CommandError(EXIT.failed, 'the fleet has no services.');
  return services;
}

function linesOf(services: readonly AppliedService[]): string {
  return services
    .map(({ service, outcome, version, revision }) => {
      return `${MARKS[outcome]} ${service}  ${version} (${revision})  ${WHATS[outcome]}`;
    })
    .join('\n');
}
