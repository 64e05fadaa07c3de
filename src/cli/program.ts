/** All verbs of the `ringmaster` command, with their options: what is parsed, helped with, documented. */
import { Command } from './command.ts';
import { addApply } from './verbs/apply.ts';
import { addCompletion } from './verbs/completion.ts';
import { addDemo } from './verbs/demo.ts';
import { addDescribe } from './verbs/describe.ts';
import { addDiagnose } from './verbs/diagnose.ts';
import { addDoctor } from './verbs/doctor.ts';
import { addExplain } from './verbs/explain.ts';
import { addGet } from './verbs/get.ts';
import { addInspect } from './verbs/inspect.ts';
import { addReplay } from './verbs/replay.ts';
import { addRing } from './verbs/ring.ts';
import { addRolloutVerbs } from './verbs/rollout.ts';
import { addScale } from './verbs/scale.ts';
import { addStatus } from './verbs/status.ts';
import { addTop } from './verbs/top.ts';
import { addTrace } from './verbs/trace.ts';
import { addUp } from './verbs/up.ts';
import { addWhy } from './verbs/why.ts';

/** A new one each time: parsing leaves traces in it. */
export function ringmasterProgram(): Command {
  const program = new Command('ringmaster')
    .description('One decision loop for a fleet: rolls out, routes, scales and heals its services.')
    .option('-C, --directory <dir>', 'where the fleet lives (default: .ringmaster)')
    .showHelpAfterError('(see ringmaster --help)')
    .showSuggestionAfterError()
    .exitOverride();
  const all = [addUp, addApply, addGet, addDescribe, addStatus, addRolloutVerbs, addScale, addRing];
  for (const add of [
    ...all,
    addWhy,
    addTop,
    addTrace,
    addReplay,
    addInspect,
    addDiagnose,
    addExplain,
    addDoctor,
    addDemo,
    addCompletion,
  ]) {
    add(program);
  }
  return program;
}
