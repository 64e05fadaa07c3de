/** Our receiver alone in a process; says its port, and what it has accepted. Ends with its parent. */
import { start } from 'ringmaster';
import { reserveIngest, startIngest } from 'ringmaster/drivers';

const reservation = reserveIngest({
  port: 0,
  rules: [{ metric: null, labels: ['pod', 'instance'] }],
});
const system = await start({ threads: reservation.threads, spare: false });
const ingest = await startIngest(system, reservation);
process.send?.({ port: ingest.port });
process.on('message', () => {
  void ingest.figures().then(({ samples }) => process.send?.(samples.accepted));
});
process.once('disconnect', () => process.exit(0));
