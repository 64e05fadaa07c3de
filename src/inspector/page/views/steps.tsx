/** A rollout's steps as a rail: those that are done, the one that it is at, those to come; and its weight. */

/** As a service's row has them. */
export type StepsProps = {
  /** The one that it is at, from 1, and all: `2/4`; empty: it has none. */
  readonly step: string;
  /** Percent that the target has. */
  readonly weight: number;
  readonly phase: string;
};

/** In a line. */
export function Steps({ step, weight, phase }: StepsProps) {
  if (phase === 'idle' || phase === '') return <span class="quiet">none</span>;
  const [at, all] = stepsOf(step);
  return (
    <span class="steps">
      {all > 0 && (
        <span class="rail" aria-hidden="true">
          {Array.from({ length: all }, (_, index) => (
            <span key={index} class={index < at ? 'done' : index === at ? 'now' : ''} />
          ))}
        </span>
      )}
      <span>
        {phase}
        {step !== '' && `, step ${step}`}, {weight} %
      </span>
    </span>
  );
}

/** The step that it is at, from 0 (-1: none), and all. */
export function stepsOf(step: string): readonly [number, number] {
  const [at = 0, all = 0] = step.split('/').map(Number);
  return Number.isInteger(at) && Number.isInteger(all) && all <= 100 ? [at - 1, all] : [-1, 0];
}
