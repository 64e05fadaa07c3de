/** An actor's path, and the way to it. */
import { hashOf } from '../place/place.ts';

/** The link. */
export function PathLink({ path }: { readonly path: string }) {
  return (
    <a class="path" href={hashOf({ view: 'actor', of: path })}>
      {path}
    </a>
  );
}
