/**
 * What a series is called, the limits on that, and its canonical form.
 * Names come from outside (scrapes, remote writes), so a bad one is bad weather: `checkSeriesName`
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

/** Why a name is refused (code RM_METRICS_SERIES), or undefined when it is good. */
export function checkSeriesName(series: SeriesName): RingmasterError | undefined {
  const { tenant, metric, labels } = series;
  const problem = checkPart(tenant, TENANT) ?? checkPart(metric, METRIC) ?? checkLabels(labels);
  if (problem !== undefined) return refusal(problem);
  const bytes = seriesBytes(series);
  if (bytes <= SERIES_BYTES_MAX) return undefined;
  return refusal(`series is ${bytes} bytes, expected at most ${SERIES_BYTES_MAX}; shorten it`);
}

/** The labels sorted by name (code units), without empty values. Expects a checked name. */
export function canonicalLabels(labels: readonly Label[]): readonly Label[] {
  return labels.filter(([, value]) => value !== '').toSorted(byName);
}

function byName([a]: Label, [b]: Label): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

function checkLabels(labels: readonly Label[]): string | undefined {
  if (labels.length > LABELS_MAX) {
    return `series has ${labels.length} labels, expected at most ${LABELS_MAX}; drop some`;
  }
  const seen = new Set<string>();
  for (const [name, value] of labels) {
    const problem = checkPart(name, LABEL_NAME) ?? checkPart(value, LABEL_VALUE);
    if (problem !== undefined) return problem;
    if (seen.has(name)) return `label ${excerpt(name)} occurs twice, expected each name once`;
    seen.add(name);
  }
  return undefined;
}

function checkPart(text: string, rule: PartRule): string | undefined {
  if (typeof text !== 'string') return `${rule.what} is ${typeof text}, expected text`;
  if (text === '') return rule.empty ? undefined : `${rule.what} is empty, expected some text`;
  // A UTF-16 unit is at least one byte: a text of 1 MiB is refused without walking it.
  const bytes = text.length > rule.bytesMax ? text.length : utf8Bytes(text);
  if (bytes < 0) return `${rule.what} ${excerpt(text)} has half a surrogate pair, expected Unicode`;
  if (bytes <= rule.bytesMax) return undefined;
  return (
    `${rule.what} ${excerpt(text)} is at least ${bytes} bytes, ` +
    `expected at most ${rule.bytesMax}; shorten it at its source`
  );
}

function seriesBytes({ tenant, metric, labels }: SeriesName): number {
  let bytes = utf8Bytes(tenant) + utf8Bytes(metric);
  for (const [name, value] of labels) bytes += utf8Bytes(name) + utf8Bytes(value);
  return bytes;
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

function excerpt(text: string): string {
  return text.length <= EXCERPT_CHARACTERS
    ? JSON.stringify(text)
    : `${JSON.stringify(text.slice(0, EXCERPT_CHARACTERS))}…`;
}

function refusal(problem: string): RingmasterError {
  return new RingmasterError('RM_METRICS_SERIES', `${problem}.`);
}
