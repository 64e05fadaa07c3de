/** The verbs of a rollout: promote, pause, resume, abort, retry, undo, restart. */
import type { Command } from '../command.ts';
import { type CommonOptions, withHost } from '../host-door.ts';
import { print, printable } from '../output.ts';

type VerbOptions = CommonOptions & { readonly full?: boolean; readonly to?: string };

const VERBS: readonly (readonly [name: string, what: string])[] = [
  ['promote', 'go on with the next step; --full: with all of them'],
  ['pause', 'stay at this step'],
  ['resume', 'go on after a pause'],
  ['abort', 'back to the stable revision; the target stays blocked'],
  ['retry', 'try the aborted revision again'],
  ['undo', 'back to the revision before, or to --to'],
  ['restart', 'replace every instance by another one of its revision'],
];

/** Adds them. */
export function addRolloutVerbs(program: Command): void {
  for (const [name, what] of VERBS) {
    const command = program.command(`${name} <service>`).description(what);
    if (name === 'promote') command.option('--full', 'without the steps that are left');
    if (name === 'undo') command.option('--to <version>', 'a version or a revision');
    command.action(async (service: string, _, self: Command) => {
      const options = self.optsWithGlobals<VerbOptions>();
      const verb = name === 'promote' && options.full === true ? 'promoteFull' : name;
      const { to } = options;
      const { note } = await withHost(options, (host) =>
        host.ask<{ readonly note: string }>('Service.verb', {
          service,
          verb,
          ...(to === undefined ? {} : { to }),
        }),
      );
      print(`${service}: ${printable(note)}; watch it with \`ringmaster get -w\``);
    });
  }
}
