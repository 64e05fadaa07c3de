/**
 * The decoding kernels: a body compressed by snappy into a write request, and that into columns.
 * AssemblyScript, compiled by scripts/build-kernels.mjs into kernels.generated.ts and called by
 * wasm-decode.ts. plain-snappy.ts, plain-walk.ts and label-hash.ts say the same in plain TypeScript and
 * give the same results: change both.
 *
 * A kernel allocates nothing and trusts no byte of a request: each read of one is checked against the
 * request's end, each copy against what was written so far. Whole vectors may reach into the slack behind
 * a body, a request or a column of a slot, and nowhere else.
 */

/** As in request-layout.ts. */
const KEY: usize = 0;
const FINISH: usize = 16512;
const MASK: usize = 16640;
const LABEL_BYTES_MAX: u64 = 16384;

/** As in decode-status.ts. */
const TOO_LARGE: i32 = -2;
const CORRUPT: i32 = -1;
const MALFORMED: i32 = 1;
const TOO_MANY_SERIES: i32 = 2;
const TOO_MANY_SAMPLES: i32 = 3;
const TOO_MANY_LABELS: i32 = 4;
const LABELS_TOO_LONG: i32 = 5;
const LABELS_APART: i32 = 6;

/** `length` bytes in steps of 16 that may go up to 15 bytes further: into slack, or what comes later. */
function copyWide(to: usize, from: usize, length: usize): void {
  for (let i: usize = 0; i < length; i += 16) v128.store(to + i, v128.load(from + i));
}

/** Copies what was written `offset` before, perhaps while it is being written. */
function copyBack(to: usize, offset: usize, length: usize): void {
  const from = to - offset;
  if (offset >= 16) {
    copyWide(to, from, length);
  } else if (offset >= 8) {
    for (let i: usize = 0; i < length; i += 8) store<u64>(to + i, load<u64>(from + i));
  } else {
    for (let i: usize = 0; i < length; ++i) store<u8>(to + i, load<u8>(from + i));
  }
}

/** The bytes of a literal's length: 60 to 63 in its tag say that 1 to 4 bytes follow. */
function literalLength(at: usize, bytes: usize): u64 {
  return (<u64>load<u32>(at) & (((<u64>1) << ((<u64>bytes) << 3)) - 1)) + 1;
}

/** @returns bytes of the request, or what is wrong */
export function decompress(source: usize, sourceBytes: u32, target: usize, targetMax: u32): i32 {
  let at = source;
  const end = source + sourceBytes;
  const declared = varint(at, end);
  if (next === 0 || declared > 0xffffffff) return CORRUPT;
  if (declared > <u64>targetMax) return TOO_LARGE;
  at = next;
  let to = target;
  const toEnd = target + <usize>declared;
  while (at < end) {
    const tag = <u32>load<u8>(at);
    ++at;
    const kind = tag & 3;
    if (kind === 0) {
      let length: u64 = (tag >> 2) + 1;
      if (length > 60) {
        const bytes = <usize>length - 60;
        if (<usize>(end - at) < bytes) return CORRUPT;
        length = literalLength(at, bytes);
        at += bytes;
      }
      if (length > <u64>(end - at) || length > <u64>(toEnd - to)) return CORRUPT;
      copyWide(to, at, <usize>length);
      at += <usize>length;
      to += <usize>length;
    } else {
      const bytes: usize = kind === 3 ? 4 : kind;
      if (<usize>(end - at) < bytes) return CORRUPT;
      let length: usize = (tag >> 2) + 1;
      let offset: usize;
      if (kind === 1) {
        length = ((tag >> 2) & 7) + 4;
        offset = ((tag >> 5) << 8) | <usize>load<u8>(at);
      } else {
        offset = kind === 2 ? <usize>load<u16>(at) : <usize>load<u32>(at);
      }
      at += bytes;
      if (offset === 0 || offset > to - target || length > toEnd - to) return CORRUPT;
      copyBack(to, offset, length);
      to += length;
    }
  }
  return to === toEnd ? <i32>declared : CORRUPT;
}

/** Where the last varint ended; 0: it could not be read. */
let next: usize = 0;
/** Where a request was not understood. */
let failedAt: usize = 0;
let samples: u32 = 0;
let exemplars: u32 = 0;
let histograms: u32 = 0;

/** Up to ten bytes, in the shortest form: two encodings of one series would be two series. */
function varint(from: usize, end: usize): u64 {
  let at = from;
  let value: u64 = 0;
  let shift: u64 = 0;
  while (at < end && shift < 70) {
    const byte = <u64>load<u8>(at);
    ++at;
    value |= (byte & 0x7f) << shift;
    if (byte < 0x80) {
      const isLong = (byte === 0 && shift > 0) || (shift === 63 && byte > 1);
      next = isLong ? 0 : at;
      return value;
    }
    shift += 7;
  }
  next = 0;
  return 0;
}

/** Behind the length at `at`: where what it counts ends. 0: not within `end`; else `next` is its start. */
function spanEnd(at: usize, end: usize): usize {
  let length: u64;
  if (at < end && load<u8>(at) < 0x80) {
    length = load<u8>(at);
    next = at + 1;
  } else {
    length = varint(at, end);
    if (next === 0) return 0;
  }
  return length > <u64>(end - next) ? 0 : next + <usize>length;
}

/** Behind a field that means nothing to us; 0: malformed, or one of `known` in a form that it lacks. */
function skipField(at: usize, end: usize, known: u32): usize {
  const tag = varint(at, end);
  if (next === 0) return 0;
  const field = tag >> 3;
  if (field === 0 || field > 0x1fffffff) return 0;
  if (field < 32 && ((known >> <u32>field) & 1) === 1) return 0;
  const wire = <u32>tag & 7;
  if (wire === 0) {
    varint(next, end);
    return next;
  }
  if (wire === 2) return spanEnd(next, end);
  const bytes: usize = wire === 1 ? 8 : wire === 5 ? 4 : 0;
  return bytes === 0 || <usize>(end - next) < bytes ? 0 : next + bytes;
}

function addBlock(sum: v128, a: v128, b: v128, key: usize): v128 {
  const x = i32x4.add(a, v128.load(key));
  const y = i32x4.add(b, v128.load(key, 16));
  const low = i64x2.add(sum, i64x2.extmul_low_i32x4_u(x, y));
  return i64x2.add(low, i64x2.extmul_high_i32x4_u(x, y));
}

function finish(sum: v128, bytes: u32, word: u32): u32 {
  const total = i64x2.extract_lane(sum, 0) + i64x2.extract_lane(sum, 1);
  const key = FINISH + ((<usize>word) << 5);
  const low = load<u64>(key, 8) * (<u64>total & 0xffffffff);
  const high = load<u64>(key, 16) * (<u64>total >> 32);
  return <u32>((load<u64>(key) + low + high + load<u64>(key, 24) * <u64>bytes) >> 32);
}

/** Four words from a key that nobody outside knows; see label-hash.ts. */
function hashLabels(from: usize, bytes: u32, out: usize, tenant: usize): void {
  let sum0 = i64x2.splat(0);
  let sum1 = sum0;
  let sum2 = sum0;
  let sum3 = sum0;
  let key = KEY;
  let at = from;
  const blocksEnd = from + (bytes & ~31);
  for (; at < blocksEnd; at += 32, key += 32) {
    const a = v128.load(at);
    const b = v128.load(at, 16);
    sum0 = addBlock(sum0, a, b, key);
    sum1 = addBlock(sum1, a, b, key + 32);
    sum2 = addBlock(sum2, a, b, key + 64);
    sum3 = addBlock(sum3, a, b, key + 96);
  }
  const rest = bytes & 31;
  if (rest > 0) {
    const mask = MASK + 32 - rest;
    const a = v128.and(v128.load(at), v128.load(mask));
    const b = v128.and(v128.load(at, 16), v128.load(mask, 16));
    sum0 = addBlock(sum0, a, b, key);
    sum1 = addBlock(sum1, a, b, key + 32);
    sum2 = addBlock(sum2, a, b, key + 64);
    sum3 = addBlock(sum3, a, b, key + 96);
  }
  store<u32>(out, finish(sum0, bytes, 0) + load<u32>(tenant));
  store<u32>(out, finish(sum1, bytes, 1) + load<u32>(tenant, 4), 4);
  store<u32>(out, finish(sum2, bytes, 2) + load<u32>(tenant, 8), 8);
  store<u32>(out, finish(sum3, bytes, 3) + load<u32>(tenant, 12), 12);
}

/** A sample that is not spelled as usual. @returns whether it can be read. */
function readSample(from: usize, end: usize, time: usize, value: usize): bool {
  let at = from;
  store<f64>(time, 0);
  store<f64>(value, 0);
  while (at < end) {
    const tag = load<u8>(at);
    if (tag === 0x09) {
      if (<usize>(end - at) < 9) return false;
      store<f64>(value, load<f64>(at, 1));
      at += 9;
    } else if (tag === 0x10) {
      const ms = varint(at + 1, end);
      if (next === 0) return false;
      store<f64>(time, <f64>(<i64>ms));
      at = next;
    } else {
      at = skipField(at, end, 0b110);
      if (at === 0) return false;
    }
  }
  return true;
}

/** One series into its record. @returns 0 or what is wrong */
function walkSeries(
  from: usize,
  end: usize,
  raw: usize,
  record: usize,
  times: usize,
  values: usize,
  samplesMax: u32,
  labelsMax: u32,
  head: usize,
): i32 {
  const first = samples;
  let at = from;
  let labelsFrom: usize = raw;
  let labelsTo: usize = raw;
  let labels: u32 = 0;
  while (at < end) {
    const tag = load<u8>(at);
    failedAt = at;
    if (tag === 0x12) {
      const sampleEnd = spanEnd(at + 1, end);
      if (sampleEnd === 0) return MALFORMED;
      if (samples >= samplesMax) return TOO_MANY_SAMPLES;
      const time = times + ((<usize>samples) << 3);
      const value = values + ((<usize>samples) << 3);
      at = next;
      if (sampleEnd - at > 10 && load<u8>(at) === 0x09 && load<u8>(at, 9) === 0x10) {
        store<f64>(value, load<f64>(at, 1));
        store<f64>(time, <f64>(<i64>varint(at + 10, sampleEnd)));
        if (next !== sampleEnd && !readSample(at, sampleEnd, time, value)) return MALFORMED;
      } else if (!readSample(at, sampleEnd, time, value)) return MALFORMED;
      ++samples;
      at = sampleEnd;
    } else if (tag === 0x0a) {
      let labelEnd = spanEnd(at + 1, end);
      if (labelEnd === 0) return MALFORMED;
      if (labels === 0) labelsFrom = at;
      else if (labelsTo !== at) return LABELS_APART;
      if (labels >= labelsMax) return TOO_MANY_LABELS;
      ++labels;
      at = labelEnd;
      // The next ones, as long as they are as usual: two bytes before each, and all of it there.
      while (labels < labelsMax && <usize>(end - at) >= 2) {
        const head = <u32>load<u16>(at);
        if ((head & 0x80ff) !== 0x0a) break;
        labelEnd = at + 2 + (head >> 8);
        if (labelEnd > end) break;
        ++labels;
        at = labelEnd;
      }
      labelsTo = at;
    } else if (tag === 0x1a || tag === 0x22) {
      const other = spanEnd(at + 1, end);
      if (other === 0) return MALFORMED;
      if (tag === 0x1a) ++exemplars;
      else ++histograms;
      at = other;
    } else {
      at = skipField(at, end, 0b11110);
      if (at === 0) return MALFORMED;
    }
  }
  failedAt = labelsFrom;
  if (<u64>(labelsTo - labelsFrom) > LABEL_BYTES_MAX) return LABELS_TOO_LONG;
  const bytes = <u32>(labelsTo - labelsFrom);
  store<u32>(record, <u32>(labelsFrom - raw));
  store<u32>(record, bytes, 4);
  store<u32>(record, first, 8);
  store<u32>(record, samples - first, 12);
  store<u32>(record, 0, 16);
  hashLabels(labelsFrom, bytes, record + 20, head + 32);
  return 0;
}

/** A whole request into its slot's columns. @returns 0 or what is wrong */
export function walk(
  head: usize,
  raw: usize,
  rawBytes: u32,
  table: usize,
  times: usize,
  values: usize,
  seriesMax: u32,
  samplesMax: u32,
  labelsMax: u32,
): i32 {
  const end = raw + rawBytes;
  let at = raw;
  let series: u32 = 0;
  let metadata: u32 = 0;
  let status: i32 = 0;
  samples = 0;
  exemplars = 0;
  histograms = 0;
  while (at < end && status === 0) {
    failedAt = at;
    const tag = load<u8>(at);
    if (tag === 0x0a) {
      const seriesEnd = spanEnd(at + 1, end);
      if (seriesEnd === 0) status = MALFORMED;
      else if (series >= seriesMax) status = TOO_MANY_SERIES;
      else {
        const record = table + series * 36;
        status = walkSeries(
          next,
          seriesEnd,
          raw,
          record,
          times,
          values,
          samplesMax,
          labelsMax,
          head,
        );
        ++series;
        at = seriesEnd;
      }
    } else {
      const after = tag === 0x1a ? spanEnd(at + 1, end) : skipField(at, end, 0b1010);
      if (after === 0) status = MALFORMED;
      else if (tag === 0x1a) ++metadata;
      at = after;
    }
  }
  store<u32>(head, series);
  store<u32>(head, samples, 4);
  store<u32>(head, exemplars, 8);
  store<u32>(head, histograms, 12);
  store<u32>(head, metadata, 16);
  store<u32>(head, status === 0 ? 0 : <u32>(failedAt - raw), 20);
  store<u32>(head, rawBytes, 24);
  return status;
}
