/** What somebody has to look at, each with a way to its cause. */
import { Panel } from './panel.tsx';
import { useNeeds } from './use-needs.ts';

/** The list; when nothing needs anybody, it says so in a line. */
export function NeedsYou() {
  const needs = useNeeds();
  return (
    <Panel title="Needs you" class={needs.length === 0 ? 'needs calm' : 'needs'}>
      {needs.length === 0 ? (
        <p class="nothing quiet">Nothing needs you.</p>
      ) : (
        <ul class="needs-list">
          {needs.map(({ sign, what, to, why }) => (
            <li key={what}>
              <span class="sign" aria-hidden="true">
                {sign}
              </span>
              <div>
                <a href={to}>{what}</a>
                {why !== '' && <p class="quiet">{why}</p>}
              </div>
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
}
