/** An error with its chain of causes and its stack, all of it as text. */
import type { Happened } from './causes.ts';

/** The error. */
export function Failure({ failure }: { readonly failure: NonNullable<Happened['failure']> }) {
  const { name, message, causes, stack } = failure;
  return (
    <div class="failure">
      <ol class="chain" aria-label="The error and its causes">
        {[{ name, message }, ...causes].map((cause, index) => (
          <li key={index}>
            {index > 0 && <span class="quiet">caused by </span>}
            <b class="bad">{cause.name}</b> {cause.message}
          </li>
        ))}
      </ol>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a stack is scrolled by keyboard, too. */}
      <pre tabIndex={0} role="region" aria-label="Stack">
        {stack}
      </pre>
    </div>
  );
}
