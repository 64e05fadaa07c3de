/**
 * What a series is called, the limits on that, and its canonical form.
 * Names come from outside (scrapes, remote writes), so a bad one is bad weather: `canonicalLabels`
 * answers with an error value that the registry counts and hands on; nothing here throws.
 */
import { RingmasterError } from '../errors.ts';

/** A label: name, value. */
export type Label = readonly [name: string, value: string];

/**
 * A series: whose it is, what it measures, and its labels in any order. No labels are fine.
 * A label with an empty value is the same as no label, as in Prometheus.
 */
export interface SeriesName {
  readonly tenant: string;
  readonly metric: string;
  readonly labels: readonly Label[];
}

/** UTF-8 bytes of a tenant; it may be empty where there is only one. */
export const TENANT_BYTES_MAX = 256;

/** UTF-8 bytes of a metric's name. Longer ones are a mistake of the sender; see SERIES_BYTES_MAX. */
export const METRIC_BYTES_MAX = 1_024;

/** UTF-8 bytes of a label's name. */
export const LABEL_NAME_BYTES_MAX = 1_024;

/** UTF-8 bytes of a label's value: a URL fits, a stack trace does not. */
export const LABEL_VALUE_BYTES_MAX = 4_096;

/** Labels of one series. */
export const LABELS_MAX = 64;

/**
 * UTF-8 bytes of everything together. It bounds what one series may cost the registry: a full
 * registry of n series holds at most n times this.
 */
export const SERIES_BYTES_MAX = 16_384;

/** What a part of a name may be. */
interface PartRule {
  readonly what: string;
  readonly bytesMax: number;
  readonly empty: boolean;
}

const TENANT: PartRule = { what: 'tenant', bytesMax: TENANT_BYTES_MAX, empty: true };
const METRIC: PartRule = { what: 'metric name', bytesMax: METRIC_BYTES_MAX, empty: false };
const LABEL_NAME: PartRule = { what: 'label name', bytesMax: LABEL_NAME_BYTES_MAX, empty: false };
const LABEL_VALUE: PartRule = { what: 'label value', bytesMax: LABEL_VALUE_BYTES_MAX, empty: true };

/** Characters of a refused text that its error may repeat. */
const EXCERPT_CHARACTERS = 40;

/**
 * The labels of a series sorted by name (code units) and without empty values, or why the series
 * is refused (code RM_METRICS_SERIES). The labels given are returned when they are canonical.
 */
export function canonicalLabels(series: SeriesName): readonly Label[] | RingmasterError {
  if (typeof series !== 'object' || series === null) {
    return refusal(`series is ${typeOf(series)}, expected tenant, metric and labels`);
  }
  const { tenant, metric, labels } = series;
  if (!Array.isArray(labels)) return refusal(`labels are ${typeOf(labels)}, expected an array`);
  if (labels.length > LABELS_MAX) {
    const problem = `series has ${labels.length} labels, expected at most ${LABELS_MAX}`;
    return refusal(`${problem}; drop some`);
  }
  let bytes = 0;
  for (const part of [partBytes(tenant, TENANT), partBytes(metric, METRIC)]) {
    if (typeof part === 'string') return refusal(part);
    bytes += part;
  }
  for (const label of labels) {
    if (!Array.isArray(label)) {
      return refusal(`label is ${typeOf(label)}, expected an array of name and value`);
    }
    const [name, value] = label;
    const nameBytes = partBytes(name, LABEL_NAME);
    if (typeof nameBytes === 'string') return refusal(nameBytes);
    const valueBytes = partBytes(value, LABEL_VALUE);
    if (typeof valueBytes === 'string') return refusal(valueBytes);
    bytes += nameBytes + valueBytes;
  }
  if (bytes > SERIES_BYTES_MAX) {
    return refusal(`series is ${bytes} bytes, expected at most ${SERIES_BYTES_MAX}; shorten it`);
  }
  return sortLabels(labels);
}

function sortLabels(labels: readonly Label[]): readonly Label[] | RingmasterError {
  if (isCanonical(labels)) return labels;
  const sorted = labels.toSorted(byName);
  for (let i = 1; i < sorted.length; i += 1) {
    const name = sorted[i]?.[0] ?? '';
    if (name === sorted[i - 1]?.[0]) {
      return refusal(`label ${excerpt(name)} occurs twice, expected each name once`);
    }
  }
  return sorted.filter(([, value]) => value !== '');
}

/** Ascending names, each once, no empty value: what most senders do anyway. */
function isCanonical(labels: readonly Label[]): boolean {
  let before = '';
  for (const [name, value] of labels) {
    // No name is empty, so the first one passes too.
    if (name <= before || value === '') return false;
    before = name;
  }
  return true;
}

function byName([a]: Label, [b]: Label): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/** UTF-8 bytes of a part, or what is wrong with it: got, expected. */
function partBytes(text: string, rule: PartRule): number | string {
  if (typeof text !== 'string') return `${rule.what} is ${typeOf(text)}, expected text`;
  if (text === '' && !rule.empty) return `${rule.what} is empty, expected some text`;
  // A UTF-16 unit is at least one byte: a text of 1 MiB is refused without walking it.
  const bytes = text.length > rule.bytesMax ? text.length : utf8Bytes(text);
  if (bytes < 0) return `${rule.what} ${excerpt(text)} has half a surrogate pair, expected Unicode`;
  if (bytes <= rule.bytesMax) return bytes;
  return (
    `${rule.what} ${excerpt(text)} is at least ${bytes} bytes, ` +
    `expected at most ${rule.bytesMax}; shorten it at its source`
  );
}

/** UTF-8 bytes of a text; -1 when a surrogate stands alone, since two such texts would collide. */
function utf8Bytes(text: string): number {
  let bytes = 0;
  for (let i = 0; i < text.length; i += 1) {
    const unit = text.charCodeAt(i);
    if (unit < 0x80) bytes += 1;
    else if (unit < 0x800) bytes += 2;
    else if (unit < 0xd800 || unit > 0xdfff) bytes += 3;
    else if (unit < 0xdc00 && isLowSurrogate(text.charCodeAt(i + 1))) {
      bytes += 4;
      i += 1;
    } else return -1;
  }
  return bytes;
}

/** False for NaN too, which `charCodeAt` gives past the end. */
function isLowSurrogate(unit: number): boolean {
  return unit >= 0xdc00 && unit <= 0xdfff;
}

function typeOf(value: unknown): string {
  return value === null ? 'null' : typeof value;
}

function excerpt(text: string): string {
  return text.length <= EXCERPT_CHARACTERS
    ? JSON.stringify(text)
    : `${JSON.stringify(text.slice(0, EXCERPT_CHARACTERS))}…`;
}

function refusal(problem: string): RingmasterError {
  return new RingmasterError('RM_METRICS_SERIES', `${problem}.`);
}
