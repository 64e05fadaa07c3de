/**
 * One controller of one service. It remembers nothing: its state comes with each question and is stored
 * by the arbiter with what was decided, so it may crash and be restarted at any moment.
 */
import { type ActorDefinition, actor } from '../../runtime/index.ts';
import type { ControllerName } from './controllers.ts';
import { answerStep, type StepAnswer, type StepQuestion } from './snapshot.ts';

/** What it understands. */
export type ControllerMessages = {
  /** Its next state and what it wants, or the readings that it lacks to say so. */
  step(question: StepQuestion): StepAnswer;
};

/** Spawned by the arbiter, one for each controller of each service. */
export const Controller: ActorDefinition<{ readonly name: ControllerName }, ControllerMessages> =
  actor(import.meta.url, {
    name: 'Controller',
    setup: ({ name }: { readonly name: ControllerName }) => ({
      step: (question: StepQuestion) => answerStep(name, question),
    }),
  });
