/** The place of this tab: read from its address, and written there. */
import { Changes } from '../tables/changes.ts';
import { hashOf, type Place, placeOf } from './place.ts';

/** One for each load of the page. */
export class CurrentPlace {
  readonly changes: Changes;
  now: Place;

  constructor() {
    this.changes = new Changes();
    this.now = placeOf(location.hash);
    addEventListener('hashchange', () => {
      const { markMs } = this.now;
      const next = placeOf(location.hash);
      // What is compared with stays, wherever somebody looks at the difference.
      if (next.markMs === null && markMs !== null) this.refine({ ...next, markMs });
      else {
        this.now = next;
        this.changes.happened();
      }
    });
  }

  /** A step that can be taken back. */
  go(place: Partial<Place> & Pick<Place, 'view'>): void {
    location.hash = hashOf(place);
  }

  /** Not a step of its own: each letter of a filter would be one. */
  refine(change: Partial<Place>): void {
    this.now = { ...this.now, ...change };
    history.replaceState(null, '', hashOf(this.now));
    this.changes.happened();
  }
}
