/** The first screen: is it well, what needs somebody, what is happening, in five seconds. */
import { ActorHeatmap } from '../charts/actor-heatmap.tsx';
import { hashOf } from '../place/place.ts';
import { Changes } from './changes.tsx';
import { NeedsYou } from './needs-you.tsx';
import { Nothing, Panel } from './panel.tsx';
import { Pulse } from './pulse.tsx';
import { ServiceRows } from './service-rows.tsx';
import { useSession, useTable } from './use-session.ts';
import { Verdict } from './verdict.tsx';

/** Nothing where there is no fleet. */
function FleetServices() {
  const { connection } = useSession();
  const table = useTable('services');
  const services = [...table.rows.values()].sort((a, b) => (a.service < b.service ? -1 : 1));
  if (!connection.knows('Fleet.list') || table.state !== 'known') return null;
  return (
    <Panel
      class="wide-panel"
      title="Services"
      note={<a href={hashOf({ view: 'decisions' })}>Decisions</a>}
    >
      {services.length === 0 ? (
        <Nothing state={table.state} text="No fleet was applied yet." />
      ) : (
        <ServiceRows services={services} />
      )}
    </Panel>
  );
}

/** The view. */
export function Overview() {
  return (
    <div class="overview">
      <Verdict />
      <NeedsYou />
      <FleetServices />
      <Pulse />
      <Changes />
      <Panel
        class="wide-panel"
        title="Actors"
        note={<a href={hashOf({ view: 'actors' })}>Table and filter</a>}
      >
        <ActorHeatmap />
      </Panel>
    </div>
  );
}
