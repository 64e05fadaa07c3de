/** Services that came, went or are otherwise, field by field. */
import type { ServiceChange } from '../diff/service-changes.ts';
import { hashOf } from '../place/place.ts';
import { Panel } from './panel.tsx';
import { Scroller } from './scroller.tsx';

/** The part of the view. */
export function ServiceDifferences({ services }: { readonly services: readonly ServiceChange[] }) {
  const rows = services.flatMap(({ service, kind, fields }) =>
    kind === 'changed'
      ? fields.map((field) => ({ service, ...field }))
      : [{ service, name: 'it', from: kind === 'came' ? '–' : 'there', to: kind }],
  );
  return (
    <Panel title="Services">
      <Scroller label="Table of services">
        <table>
          <thead>
            <tr>
              <th scope="col">Service</th>
              <th scope="col">What</th>
              <th scope="col">A</th>
              <th scope="col">B</th>
            </tr>
          </thead>
          <tbody>
            {rows.map(({ service, name, from, to }) => (
              <tr key={`${service} ${name}`}>
                <th scope="row">
                  <a href={hashOf({ view: 'service', of: service })}>{service}</a>
                </th>
                <td>{name}</td>
                <td>{from}</td>
                <td>
                  <b>{to}</b>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </Scroller>
    </Panel>
  );
}
