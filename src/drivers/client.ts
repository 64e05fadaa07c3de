/**
 * The tools' door to a running host: the client of its socket and the types of what it answers, and
 * nothing that takes time to load.
 */
export type { AppliedService } from './host/apply-options.ts';
export { connectHost, type HostClient } from './host/control-client.ts';
export type { Finding } from './host/diagnosis.ts';
export type { ChangeAnswer } from './host/host-changes.ts';
export type {
  DecisionShown,
  FleetListed,
  ServiceDetail,
} from './host/host-methods.ts';
export type { KeyShown, RingChange, RingShown } from './host/host-ring.ts';
export type { InstanceLoad } from './host/instance-load.ts';
export type { InstanceSummary, ServiceSummary } from './host/service-summary.ts';
