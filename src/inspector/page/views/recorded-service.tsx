/** A service at a moment of a recording: what its row tells. More was not recorded, and is not guessed. */
import { Panel } from './panel.tsx';
import { ServiceSummary } from './service-summary.tsx';
import { Steps } from './steps.tsx';
import { useTable } from './use-session.ts';

/** The view. */
export function RecordedService({ service }: { readonly service: string }) {
  const row = useTable('services').rows.get(service);
  if (row === undefined) {
    return <p class="nothing quiet">There is no service of this name at this moment.</p>;
  }
  const { version, target, step, weight, phase, healing, message } = row;
  return (
    <>
      <ServiceSummary row={row} />
      <Panel title="Rollout" note={<Steps step={step} weight={weight} phase={phase} />}>
        <p>
          {target === null ? (
            <>
              All of it is <b>{version}</b>.
            </>
          ) : (
            <>
              From <b>{version}</b> to <b>{target}</b>, set to <b>{weight} %</b>.
            </>
          )}{' '}
          Healing: {healing}.
        </p>
        {message !== '' && <p class="quiet">{message}</p>}
      </Panel>
      <p class="quiet nothing">
        Only what was recorded is known: its instances, their load and their failures are not in a
        recording.
      </p>
    </>
  );
}
