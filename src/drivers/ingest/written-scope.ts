/**
 * Whose a series is that was written to the host: of one instance, of a version, or of its service as a
 * whole. Read from its labels `instance` and `version`, of which the first may be our id of an instance or
 * `host:port` of it, as Prometheus writes it. Pure.
 */
import type { FedInstance, ServiceRecord } from '../../actors/index.ts';
import type { WrittenLabel } from '../../hotpath/index.ts';
import type { Address, AddressBook } from '../address-book.ts';

/** Labels that tell series of a service apart. */
export const TOLD_BY: readonly string[] = ['instance', 'version'];

/** What instances of this machine are called, besides its name. */
const LOCAL: readonly string[] = ['127.0.0.1', 'localhost', '[::1]'];
const HOST_PORT = /^(.+):(\d{1,5})$/;

/** The instance of a service that a label names; undefined: none that runs here. */
export function namedInstance(
  label: string,
  service: string,
  book: AddressBook,
  machine: string,
): Address | undefined {
  const known = book.of(label);
  if (known !== undefined) return known.service === service ? known : undefined;
  const [, host = '', port = ''] = HOST_PORT.exec(label) ?? [];
  if (host !== machine && !LOCAL.includes(host)) return undefined;
  return book.all().find((one) => one.service === service && one.port === Number(port));
}

/** Of an instance that runs. */
export function ofInstance(
  { instance, service, revision, zone }: Address,
  { instances }: ServiceRecord,
): FedInstance {
  const isBaseline = instances.get(instance)?.isBaseline ?? false;
  return { service, revision, zone, instance, isBaseline };
}

/**
 * Of all of a version, or of the service. A version is a label for people: where several revisions are
 * called so, nobody knows which is meant. No instance has an id with a blank.
 */
export function ofMany(labels: readonly WrittenLabel[], record: ServiceRecord): FedInstance {
  const version = labels.find(([name]) => name === 'version')?.[1];
  const called = record.revisions.filter((one) => one.version === version);
  const revision = called.length === 1 ? (called[0]?.id ?? '') : '';
  const instance = revision === '' ? `all of ${record.name}` : `all of ${record.name} ${revision}`;
  return { service: record.name, revision, zone: '', instance, isBaseline: null };
}
