/**
 * The drivers' door: what carries the control plane's decisions out on one machine, and tells it what is
 * seen there. Published as `ringmaster/drivers`.
 */
export { type Address, AddressBook } from './address-book.ts';
export type { ActorInstanceArgs } from './embedded/actor-instances.ts';
export {
  EmbeddedFleet,
  type EmbeddedFleetOptions,
  type FleetAsk,
  startEmbeddedFleet,
} from './embedded/embedded-fleet.ts';
export type { DriverError, DriverErrorCode } from './errors.ts';
export type { AppliedService, ApplyOptions } from './host/apply-options.ts';
export { connectHost, HostClient } from './host/control-client.ts';
export { ControlServer } from './host/control-server.ts';
export {
  FleetHost,
  type FleetHostOptions,
  startFleetHost,
} from './host/fleet-host.ts';
export { exportFleetMetrics, type FleetShown } from './host/fleet-metrics.ts';
export { HostMethods, type ServiceDetail } from './host/host-methods.ts';
export {
  FLEET_FAMILIES,
  type FleetFigures,
  HOST_FAMILIES,
  type HostFigures,
} from './host/metric-families.ts';
export { MetricsServer, type MetricsServerOptions } from './host/metrics-server.ts';
export { openPort } from './host/open-port.ts';
export type { Params } from './host/params.ts';
export type { InstanceSummary, ServiceSummary } from './host/service-summary.ts';
export {
  type Ingest,
  type IngestFigures,
  type IngestReservation,
  reserveIngest,
  startIngest,
} from './ingest/ingest.ts';
export { readIngestFile } from './ingest/ingest-file.ts';
export {
  INGEST_LIMITS_DEFAULT,
  type IngestLimits,
  type IngestOptions,
} from './ingest/ingest-options.ts';
export { SAMPLE_OUTCOMES, type WriteFigures } from './ingest/write-figures.ts';
export { Prober, type ProberArgs, type ProberMessages } from './probe/prober.actor.ts';
export { PORT_RANGE_DEFAULT, type PortRange } from './process/free-ports.ts';
export {
  ProcessHost,
  type ProcessHostArgs,
  type ProcessHostMessages,
} from './process/process-host.actor.ts';
export { type ReleaseFiles, Releases, releaseFiles } from './process/releases.ts';
export { RequestsUnderWay } from './router/requests-under-way.ts';
export {
  type RouterHost,
  type RouterOptions,
  routerSocket,
  startRouter,
} from './router/router.ts';
export {
  type RouterAttachment,
  RouterLink,
  type RouterLinkArgs,
  type RouterLinkMessages,
  type RouterStatus,
} from './router/router-link.actor.ts';
export type { RouterPlace } from './router/router-process.ts';
export type {
  BrainMessage,
  RouteConfig,
  RouteLine,
  RouterMessage,
  SaidLine,
  TableMessage,
  WindowColumn,
  WindowMessage,
} from './router/router-protocol.ts';
export { type ExposedMetric, type Exposition, ExpositionReader } from './scrape/exposition.ts';
export {
  Scraper,
  type ScraperArgs,
  type ScraperMessages,
  type ScrapeStatus,
} from './scrape/scraper.actor.ts';
export { wantedMetrics } from './scrape/wanted-metrics.ts';
