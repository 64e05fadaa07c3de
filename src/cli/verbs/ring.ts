/** `ringmaster ring`: what a change of a ring's size would move. */

import type { RingChange } from '../../drivers/client.ts';
import type { Command } from '../command.ts';
import { CommandError, EXIT } from '../exit-codes.ts';
import { type CommonOptions, withHost } from '../host-door.ts';
import { print } from '../output.ts';

/** Adds it. */
export function addRing(program: Command): void {
  program
    .command('ring <service>')
    .description('what would move if shards joined or left')
    .requiredOption('--what-if <change>', 'such as +1 or -1')
    .action(async (service: string, _, command: Command) => {
      const options = command.optsWithGlobals<CommonOptions & { readonly whatIf: string }>();
      if (!/^[+-]?\d{1,4}$/.test(options.whatIf)) {
        const message = `--what-if is ${options.whatIf}; expected a change such as +1 or -1.`;
        throw new CommandError(EXIT.usage, message);
      }
      const change = Number(options.whatIf);
      const answer = await withHost(options, (host) =>
        host.ask<RingChange>('Ring.whatIf', { service, change }),
      );
      const { before, after, movedShare, expectedShare, isWithin } = answer;
      const share = (value: number): string => `${(100 * value).toFixed(2)} %`;
      print(
        `${service}: ${before} → ${after} members; ${share(movedShare)} of the keys would move, ` +
          `${share(expectedShare)} have to${isWithin ? '' : ': more than that and a tenth'}`,
      );
    });
}
