/** The filter of a view: what is typed is in the address, so that it can be sent to somebody. */
import { usePlace, useSession } from './use-session.ts';

/** What it says about itself. */
export type FilterBoxProps = {
  readonly label: string;
  readonly hint: string;
  /** Why a word means nothing. */
  readonly wrong?: string | null;
};

/** The field. */
export function FilterBox({ label, hint, wrong = null }: FilterBoxProps) {
  const { place } = useSession();
  const { filter } = usePlace();
  return (
    <div class="filter" role="search">
      <label for="filter">{label}</label>
      <input
        id="filter"
        type="search"
        autocomplete="off"
        spellcheck={false}
        placeholder={hint}
        value={filter}
        aria-invalid={wrong !== null}
        aria-describedby="filter-note"
        onInput={({ currentTarget }) => place.refine({ filter: currentTarget.value })}
      />
      <span id="filter-note" class={wrong === null ? 'unseen' : 'bad'} role="status">
        {wrong ?? hint}
      </span>
    </div>
  );
}
