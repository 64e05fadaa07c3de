/**
 * Bodies of remote write requests as a Prometheus sends them: counters of pods, one sample each, twelve
 * labels. Written by a protobuf library and compressed by a snappy library, so that what is measured is
 * what others write. The same for every contender: nothing of it is left to chance.
 */
import protobuf from 'protobufjs';
import { compress } from 'snappyjs';

/** Series of a request: what a sender's queue of Prometheus takes by default. */
export const REQUEST_SERIES = 2_000;

const { root } = protobuf.parse(`
  syntax = "proto3";
  message WriteRequest { repeated TimeSeries timeseries = 1; }
  message TimeSeries { repeated Label labels = 1; repeated Sample samples = 2; }
  message Label { string name = 1; string value = 2; }
  message Sample { double value = 1; int64 timestamp = 2; }
`);

/** The message type, for who encodes and who decodes. */
export const WriteRequest: protobuf.Type = root.lookupType('WriteRequest');

export type BodyLabel = { readonly name: string; readonly value: string };

/** Labels of series `number`, sorted; some 330 bytes as they are encoded. */
export function labelsOf(number: number): readonly BodyLabel[] {
  const pod = number >> 4;
  const labels = {
    __name__: 'http_server_requests_total',
    cluster: 'eu-central-1-production',
    code: ['200', '201', '404', '500'][number & 3] as string,
    container: 'application',
    endpoint: 'http-metrics',
    instance: `10.${(pod >> 12) & 255}.${(pod >> 6) & 63}.${pod & 63}:9102`,
    job: 'checkout/application',
    method: ['GET', 'POST', 'PUT', 'DELETE'][(number >> 2) & 3] as string,
    namespace: 'checkout',
    pod: `application-6d8f9b7c5d-${pod.toString(36).padStart(5, 'x')}`,
    prometheus: 'monitoring/k8s',
    service: 'application',
  };
  return Object.entries(labels).map(([name, value]) => ({ name, value }));
}

/** One request with all its series at one time. */
export function bodyOf(first: number, count: number, time: number, value: number): Uint8Array {
  const timeseries = Array.from({ length: count }, (_, i) => ({
    labels: labelsOf(first + i),
    samples: [{ value: value + i, timestamp: time }],
  }));
  return compress(WriteRequest.encode({ timeseries }).finish());
}

/** All series at `times` moments, 15 s apart; in the order in which they are sent. */
export function bodiesOf(series: number, times: number): readonly Uint8Array[] {
  const bodies: Uint8Array[] = [];
  for (let moment = 0; moment < times; moment += 1) {
    for (let first = 0; first < series; first += REQUEST_SERIES) {
      const time = 1_700_000_000_000 + moment * 15_000;
      bodies.push(bodyOf(first, Math.min(REQUEST_SERIES, series - first), time, moment * 7));
    }
  }
  return bodies;
}
