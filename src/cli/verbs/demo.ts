/** `ringmaster demo`: a fleet that is rolled out, broken, killed and flooded before one's eyes. */
import type { Command } from '../command.ts';
import { CommandError, EXIT } from '../exit-codes.ts';
import { type CommonOptions, directoryOf } from '../host-door.ts';

type DemoFlags = CommonOptions & { readonly once?: boolean; readonly output: string };

/** Adds it. */
export function addDemo(program: Command): void {
  program
    .command('demo')
    .description('a real fleet under load: releases, bad releases, kills, a surge; 0 if all held')
    .option('--once', 'end with the last step, also on a terminal')
    .option('-o, --output <form>', 'table, or json or yaml: the last table as data', 'table')
    .action(async (_, command: Command) => {
      const options = command.optsWithGlobals<DemoFlags>();
      const data = dataFormOf(options.output);
      const { runDemo } = await import('../demo/run-demo.ts');
      await runDemo({
        data,
        stays: data === null && options.once !== true && process.stdout.isTTY === true,
        directory: options.directory === undefined ? undefined : directoryOf(options),
      });
    });
}

/** Null: the table. @throws CommandError */
function dataFormOf(text: string): 'json' | 'yaml' | null {
  if (text === 'table') return null;
  if (text === 'json' || text === 'yaml') return text;
  throw new CommandError(EXIT.usage, `-o is ${text}; expected one of table, json, yaml.`);
}
