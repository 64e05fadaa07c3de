/** All services of the fleet. */
import { Nothing, Panel } from './panel.tsx';
import { ServiceRows } from './service-rows.tsx';
import { useTable } from './use-session.ts';

/** The view. */
export function Services() {
  const table = useTable('services');
  const services = [...table.rows.values()].sort((a, b) => (a.service < b.service ? -1 : 1));
  return (
    <div>
      <h1>Services</h1>
      <Panel title="All services">
        {services.length === 0 ? (
          <Nothing state={table.state} text="No fleet was applied yet." />
        ) : (
          <ServiceRows services={services} />
        )}
      </Panel>
    </div>
  );
}
