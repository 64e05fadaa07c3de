/** A titled part of a view, and what is said where there is nothing to show. */
import type { ComponentChildren } from '../preact.ts';
import type { TableState } from '../tables/table.ts';

/** What a part is made of. */
export type PanelProps = {
  readonly title: string;
  /** Beside the title. */
  readonly note?: ComponentChildren;
  readonly class?: string;
  readonly children: ComponentChildren;
};

/** One part, which is a landmark by its title. */
export function Panel({ title, note, class: name = '', children }: PanelProps) {
  const id = `panel-${title.toLowerCase().replace(/[^a-z]+/g, '-')}`;
  return (
    <section class={`panel ${name}`} aria-labelledby={id}>
      <div class="panel-head">
        <h2 id={id}>{title}</h2>
        {note !== undefined && <div class="quiet note">{note}</div>}
      </div>
      {children}
    </section>
  );
}

/** Instead of rows. */
export function Nothing({ state, text }: { readonly state: TableState; readonly text: string }) {
  const said =
    state === 'known'
      ? text
      : state === 'waiting'
        ? 'Waiting for the server …'
        : 'This server does not tell it.';
  return <p class="nothing quiet">{said}</p>;
}
