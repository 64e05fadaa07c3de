/** `ringmaster demo`: a fleet that is rolled out, broken, killed and flooded before one's eyes. */
import type { Command } from '../command.ts';
import { type CommonOptions, directoryOf } from '../host-door.ts';
import { formOf } from '../output.ts';

type DemoFlags = CommonOptions & { readonly once?: boolean; readonly output: string };

/** Adds it. */
export function addDemo(program: Command): void {
  program
    .command('demo')
    .description('a real fleet under load: releases, bad releases, kills, a surge; 0 if all held')
    .option('--once', 'end with the last step, also on a terminal')
    .option('-o, --output <form>', 'table, or json: the last table as data', 'table')
    .action(async (_, command: Command) => {
      const options = command.optsWithGlobals<DemoFlags>();
      const { runDemo } = await import('../demo/run-demo.ts');
      const form = formOf(options.output);
      await runDemo({
        isData: form === 'json',
        stays: form !== 'json' && options.once !== true && process.stdout.isTTY === true,
        directory: options.directory === undefined ? undefined : directoryOf(options),
      });
    });
}
