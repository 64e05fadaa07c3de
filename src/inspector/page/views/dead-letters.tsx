/** The last messages that nobody handled, with why; what they carried is shown nowhere. */
import { FilterBox } from './filter-box.tsx';
import { Nothing } from './panel.tsx';
import { PathLink } from './path-link.tsx';
import { Scroller } from './scroller.tsx';
import { usePlace, useTable } from './use-session.ts';

/** The view. */
export function DeadLetters() {
  const { filter } = usePlace();
  const table = useTable('deadLetters');
  const words = filter.toLowerCase().split(/\s+/);
  const letters = [...table.rows]
    .filter(([, { path, message, reason }]) =>
      words.every((word) => `${path} ${message} ${reason}`.toLowerCase().includes(word)),
    )
    .sort(([a], [b]) => Number(b) - Number(a));
  return (
    <div>
      <h1>Dead letters</h1>
      <p class="quiet">
        The last messages that nobody handled; of a storm a part. What they carried is not shown.
      </p>
      <FilterBox label="Filter" hint="words of the path, message or reason" />
      {letters.length === 0 ? (
        <Nothing state={table.state} text="There is no such letter." />
      ) : (
        <Scroller label="Dead letters">
          <table>
            <thead>
              <tr>
                <th scope="col">To</th>
                <th scope="col">Message</th>
                <th scope="col">Why nobody handled it</th>
                <th scope="col">Thread</th>
              </tr>
            </thead>
            <tbody>
              {letters.map(([key, { thread, path, message, reason }]) => (
                <tr key={key}>
                  <td>
                    <PathLink path={path} />
                  </td>
                  <td>
                    <code>{message}</code>
                  </td>
                  <td>{reason}</td>
                  <td>{thread}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </Scroller>
      )}
    </div>
  );
}
