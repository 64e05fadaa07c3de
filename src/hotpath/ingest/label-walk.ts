/**
 * Reads the labels of one series in full: text, rules and order. Called by series-shard.ts when a series
 * is not known by its hash, so at most once for one that is spelled as it was before. Pure; what is wrong
 * with labels is an answer, not an error: they come from outside.
 */
import { decodeUtf8, encodeUtf8, UTF8_BYTES_PER_UNIT_MAX } from '../hash/utf8.ts';

/** A label: name, value. */
export type WrittenLabel = readonly [name: string, value: string];

/** Why a series is refused. */
export type SeriesFault =
  | 'notALabel'
  | 'notUtf8'
  | 'labelName'
  | 'metricName'
  | 'noMetric'
  | 'labelTwice';

/** What was read: sorted, without empty values, `__name__` apart. */
export type LabelWalk =
  | {
      readonly kind: 'labels';
      readonly metric: string;
      readonly labels: readonly WrittenLabel[];
      /** The same labels as every sender should spell them: what equal series have in common. */
      readonly canonical: Uint8Array;
    }
  | { readonly kind: 'refused'; readonly fault: SeriesFault; readonly text: string };

const METRIC_LABEL = '__name__';
/** As remote write 1.0 has them. */
const LABEL_NAME = /^[a-zA-Z_][a-zA-Z0-9_]*$/;
const METRIC_NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
/** Characters of what is refused that an answer repeats. */
const EXCERPT = 60;

/** The labels that lie together in `bytes[from, to)`, as the walk of the request has found them. */
export function walkLabels(bytes: Uint8Array, from: number, to: number): LabelWalk {
  const found: WrittenLabel[] = [];
  for (let at = from; at < to; ) {
    // Each starts with its field's tag, and its length is right.
    const label = spanAt(bytes, at + 1, to);
    const parts = label === null ? null : partsOf(bytes, label);
    if (label === null || parts === null) return refused('notALabel', `byte ${at - from}`);
    at = label.end;
    for (const part of parts) {
      if (!isUtf8(bytes, part.at, part.end)) {
        return refused(
          'notUtf8',
          decodeUtf8(bytes, part.at, Math.min(part.end, part.at + EXCERPT)),
        );
      }
    }
    const [name, value] = parts;
    found.push([decodeUtf8(bytes, name.at, name.end), decodeUtf8(bytes, value.at, value.end)]);
  }
  return checked(found);
}

type Span = { readonly at: number; readonly end: number };

/** A label is a name, then a value, each there or empty, and nothing else. */
function partsOf(bytes: Uint8Array, { at, end }: Span): readonly [name: Span, value: Span] | null {
  let name: Span | null = { at, end: at };
  if (at < end && bytes[at] === 0x0a) name = spanAt(bytes, at + 1, end);
  if (name === null) return null;
  let value: Span | null = { at: name.end, end: name.end };
  if (name.end < end && bytes[name.end] === 0x12) value = spanAt(bytes, name.end + 1, end);
  return value === null || value.end !== end ? null : [name, value];
}

function checked(found: readonly WrittenLabel[]): LabelWalk {
  const sorted = found.toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  for (const [index, [name]] of sorted.entries()) {
    if (!LABEL_NAME.test(name)) return refused('labelName', name);
    if (sorted[index + 1]?.[0] === name) return refused('labelTwice', name);
  }
  const kept = sorted.filter(([, value]) => value !== '');
  const metric = kept.find(([name]) => name === METRIC_LABEL)?.[1];
  if (metric === undefined) return refused('noMetric', spelled(kept));
  if (!METRIC_NAME.test(metric)) return refused('metricName', metric);
  const labels = kept.filter(([name]) => name !== METRIC_LABEL);
  return { kind: 'labels', metric, labels, canonical: encoded(kept) };
}

function refused(fault: SeriesFault, text: string): LabelWalk {
  return { kind: 'refused', fault, text: text.slice(0, EXCERPT) };
}

function spelled(labels: readonly WrittenLabel[]): string {
  return `{${labels.map(([name, value]) => `${name}="${value}"`).join(',')}}`;
}

/** What a length at `at` counts; null when it is none, or more than there is. */
function spanAt(bytes: Uint8Array, at: number, to: number): Span | null {
  let [length, next] = [0, at];
  for (let shift = 0; shift < 28 && next < to; shift += 7) {
    const byte = bytes[next] as number;
    next += 1;
    length |= (byte & 0x7f) << shift;
    if (byte < 0x80) return length > to - next ? null : { at: next, end: next + length };
  }
  return null;
}

/** As protobuf writes labels. */
function encoded(labels: readonly WrittenLabel[]): Uint8Array {
  let units = 0;
  for (const [name, value] of labels) units += name.length + value.length;
  // Tag and length of a label, its name and its value: 15 bytes at most.
  const bytes = new Uint8Array(units * UTF8_BYTES_PER_UNIT_MAX + labels.length * 15);
  const part = new Uint8Array(bytes.length);
  let at = 0;
  for (const [name, value] of labels) {
    let end = putText(part, 0, 0x0a, name);
    end = putText(part, end, 0x12, value);
    bytes[at] = 0x0a;
    at = putLength(bytes, at + 1, end);
    bytes.set(part.subarray(0, end), at);
    at += end;
  }
  return bytes.slice(0, at);
}

function putText(bytes: Uint8Array, at: number, tag: number, text: string): number {
  const scratch = new Uint8Array(text.length * UTF8_BYTES_PER_UNIT_MAX);
  const length = encodeUtf8(text, scratch, 0);
  bytes[at] = tag;
  const textAt = putLength(bytes, at + 1, length);
  bytes.set(scratch.subarray(0, length), textAt);
  return textAt + length;
}

function putLength(bytes: Uint8Array, at: number, length: number): number {
  let [to, rest] = [at, length];
  for (; rest >= 0x80; rest >>>= 7, to += 1) bytes[to] = (rest & 0x7f) | 0x80;
  bytes[to] = rest;
  return to + 1;
}

/** Whether bytes are UTF-8: no overlong form, no surrogate, nothing beyond Unicode's end. */
export function isUtf8(bytes: Uint8Array, from: number, to: number): boolean {
  for (let at = from; at < to; ) {
    const lead = bytes[at] as number;
    at += 1;
    if (lead < 0x80) continue;
    const extra = lead >= 0xf0 ? 3 : lead >= 0xe0 ? 2 : 1;
    if (lead < 0xc2 || lead > 0xf4 || to - at < extra) return false;
    const second = bytes[at] as number;
    const [low, high] = secondRange(lead);
    if (second < low || second > high) return false;
    for (let i = 1; i < extra; i += 1) {
      if (((bytes[at + i] as number) & 0xc0) !== 0x80) return false;
    }
    at += extra;
  }
  return true;
}

function secondRange(lead: number): readonly [low: number, high: number] {
  if (lead === 0xe0) return [0xa0, 0xbf];
  if (lead === 0xed) return [0x80, 0x9f];
  if (lead === 0xf0) return [0x90, 0xbf];
  return [0x80, lead === 0xf4 ? 0x8f : 0xbf];
}
