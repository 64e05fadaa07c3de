/** The first screen: is it well, what needs somebody, what is happening, in five seconds. */
import { ActorHeatmap } from '../charts/actor-heatmap.tsx';
import { hashOf } from '../place/place.ts';
import { Changes } from './changes.tsx';
import { NeedsYou } from './needs-you.tsx';
import { Panel } from './panel.tsx';
import { Pulse } from './pulse.tsx';
import { Verdict } from './verdict.tsx';

/** The view. */
export function Overview() {
  return (
    <div class="overview">
      <Verdict />
      <NeedsYou />
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
