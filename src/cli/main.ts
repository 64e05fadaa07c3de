#!/usr/bin/env node
/**
 * The `ringmaster` command. Parses what was asked for, finds the verb, and turns every refusal into one
 * text that says what, why and what to try, and an exit code. Verbs load what they need themselves, so
 * that a question to a running host is quick.
 */
import { Command, CommanderError } from 'commander';
import { CommandError, EXIT } from './exit-codes.ts';
import { addApply } from './verbs/apply.ts';
import { addDescribe } from './verbs/describe.ts';
import { addGet } from './verbs/get.ts';
import { addRing } from './verbs/ring.ts';
import { addRolloutVerbs } from './verbs/rollout.ts';
import { addScale } from './verbs/scale.ts';
import { addStatus } from './verbs/status.ts';
import { addUp } from './verbs/up.ts';
import { addWhy } from './verbs/why.ts';

const program = new Command('ringmaster')
  .description('One decision loop for a fleet: rolls out, routes, scales and heals its services.')
  .option('-C, --directory <dir>', 'where the fleet lives (default: .ringmaster)')
  .showHelpAfterError('(see ringmaster --help)')
  .showSuggestionAfterError()
  .exitOverride();
addUp(program);
addApply(program);
addGet(program);
addDescribe(program);
addStatus(program);
addRolloutVerbs(program);
addScale(program);
addRing(program);
addWhy(program);

process.stdout.on('error', () => process.exit(EXIT.ok));

program.parseAsync().catch((error: unknown) => {
  if (error instanceof CommanderError) {
    // Help was asked for, or what is wrong has been said.
    process.exitCode = error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    return;
  }
  const message = error instanceof Error ? error.message : String(error);
  process.stderr.write(`ringmaster: ${message}\n`);
  process.exitCode = error instanceof CommandError ? error.exitCode : EXIT.failed;
});
