#!/usr/bin/env node
/**
 * The `ringmaster` command. Parses what was asked for, finds the verb, and turns every refusal into one
 * text that says what, why and what to try, and an exit code. Verbs load what they need themselves, so
 * that a question to a running host is quick.
 */
import { CommanderError } from './command.ts';
import { CommandError, EXIT } from './exit-codes.ts';
import { printable } from './output.ts';
import { ringmasterProgram } from './program.ts';

process.stdout.on('error', () => process.exit(EXIT.ok));

ringmasterProgram()
  .parseAsync()
  .catch((error: unknown) => {
    if (error instanceof CommanderError) {
      // Help was asked for, or what is wrong has been said.
      process.exitCode = error.exitCode === 0 ? EXIT.ok : EXIT.usage;
      return;
    }
    const message = error instanceof Error ? error.message : String(error);
    // It may be what another program has answered.
    const lines = message.split('\n').map(printable);
    process.stderr.write(`ringmaster: ${lines.join('\n')}\n`);
    process.exitCode = error instanceof CommandError ? error.exitCode : EXIT.failed;
  });
