/** An actor's path, and the way to it. */
import { hashOf } from '../place/place.ts';

/** `isInGrid`: the grid has the focus, and opens it. */
export type PathLinkProps = { readonly path: string; readonly isInGrid?: boolean };

/** The link. */
export function PathLink({ path, isInGrid = false }: PathLinkProps) {
  return (
    <a class="path" href={hashOf({ view: 'actor', of: path })} tabIndex={isInGrid ? -1 : 0}>
      {path}
    </a>
  );
}
