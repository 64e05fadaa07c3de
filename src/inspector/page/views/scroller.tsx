/** What may be wider than its window, and can then be scrolled by keyboard, too. */
import type { ComponentChildren } from '../preact.ts';

/** `label`: of what is in it. */
export type ScrollerProps = { readonly label: string; readonly children: ComponentChildren };

/** The box. */
export function Scroller({ label, children }: ScrollerProps) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: arrow keys scroll it.
    <div class="scroller" role="region" aria-label={label} tabIndex={0}>
      {children}
    </div>
  );
}
