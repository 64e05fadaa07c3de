/** A rollout's steps as a rail: those that are done, the one that it is at, those to come; and its weight. */

/** As a service's row has them. */
export type StepsProps = {
  /** step/steps; empty: it has none. */
  readonly step: string;
  /** Percent that is set. */
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

/** Steps that are done, and all. */
export function stepsOf(step: string): readonly [number, number] {
  const [at = 0, all = 0] = step.split('/').map(Number);
  return Number.isInteger(at) && Number.isInteger(all) && all <= 100 ? [at, all] : [0, 0];
}
