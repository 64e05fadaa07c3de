/**
 * Walks a write request in plain TypeScript: where WebAssembly has no vectors or threads, and as the
 * readable meaning of `walk` in kernel/decode.ts. Called by request-decoder.ts. It makes columns of series
 * and samples and knows no name; a request that is no such message is refused whole.
 */
import { DECODE_STATUS } from './decode-status.ts';
import { labelHash } from './label-hash.ts';
import { HEAD_WORD, LABEL_BYTES_MAX, SERIES_WORD, SERIES_WORDS } from './request-layout.ts';
import type { SlotViews } from './request-memory.ts';

/** Numbers of fields that a message has, as bits: in another form than theirs they are malformed. */
const REQUEST_FIELDS = 0b1010;
const SERIES_FIELDS = 0b11110;
const SAMPLE_FIELDS = 0b110;

/** What stops a walk. Never leaves this file. */
class Fault {
  readonly status: number;
  constructor(status: number) {
    this.status = status;
  }
}

/** @returns a `DECODE_STATUS` of 0 or more; the slot's head says how much there was */
export function plainWalk(slot: SlotViews, requestBytes: number): number {
  return new PlainWalk(slot, requestBytes).run();
}

class PlainWalk {
  private readonly slot: SlotViews;
  private readonly bytes: Uint8Array;
  private readonly valueBytes: Uint8Array;
  private at = 0;
  private failedAt = 0;
  private series = 0;
  private samples = 0;
  private exemplars = 0;
  private histograms = 0;
  private metadata = 0;

  constructor(slot: SlotViews, requestBytes: number) {
    this.slot = slot;
    this.bytes = slot.request.subarray(0, requestBytes);
    const { buffer, byteOffset, byteLength } = slot.values;
    this.valueBytes = new Uint8Array(buffer, byteOffset, byteLength);
  }

  run(): number {
    let status: number = DECODE_STATUS.decoded;
    try {
      this.walkRequest();
    } catch (fault) {
      if (!(fault instanceof Fault)) throw fault;
      status = fault.status;
    }
    const { head } = this.slot;
    head[HEAD_WORD.series] = this.series;
    head[HEAD_WORD.samples] = this.samples;
    head[HEAD_WORD.exemplars] = this.exemplars;
    head[HEAD_WORD.histograms] = this.histograms;
    head[HEAD_WORD.metadata] = this.metadata;
    head[HEAD_WORD.errorAt] = status === DECODE_STATUS.decoded ? 0 : this.failedAt;
    head[HEAD_WORD.requestBytes] = this.bytes.length;
    return status;
  }

  private walkRequest(): void {
    const end = this.bytes.length;
    while (this.at < end) {
      this.failedAt = this.at;
      const tag = this.bytes[this.at];
      if (tag === 0x0a) {
        const seriesEnd = this.spanEnd(this.at + 1, end);
        if (this.series >= this.slot.limits.seriesMax) throw new Fault(DECODE_STATUS.tooManySeries);
        this.series += 1;
        this.walkSeries(seriesEnd);
      } else if (tag === 0x1a) {
        this.at = this.spanEnd(this.at + 1, end);
        this.metadata += 1;
      } else this.skipField(end, REQUEST_FIELDS);
    }
  }

  private walkSeries(end: number): void {
    const record = (this.series - 1) * SERIES_WORDS;
    const first = this.samples;
    let [labelsFrom, labelsTo, labels] = [0, 0, 0];
    while (this.at < end) {
      const from = this.at;
      this.failedAt = from;
      const tag = this.bytes[from];
      if (tag === 0x12) {
        const sampleEnd = this.spanEnd(from + 1, end);
        if (this.samples >= this.slot.limits.samplesMax) {
          throw new Fault(DECODE_STATUS.tooManySamples);
        }
        this.readSample(sampleEnd);
        this.samples += 1;
      } else if (tag === 0x0a) {
        const labelEnd = this.spanEnd(from + 1, end);
        if (labels === 0) labelsFrom = from;
        else if (labelsTo !== from) throw new Fault(DECODE_STATUS.labelsApart);
        if (labels >= this.slot.limits.labelsMax) throw new Fault(DECODE_STATUS.tooManyLabels);
        labels += 1;
        this.at = labelEnd;
        labelsTo = labelEnd;
      } else if (tag === 0x1a || tag === 0x22) {
        this.at = this.spanEnd(from + 1, end);
        if (tag === 0x1a) this.exemplars += 1;
        else this.histograms += 1;
      } else this.skipField(end, SERIES_FIELDS);
    }
    this.failedAt = labelsFrom;
    const bytes = labelsTo - labelsFrom;
    if (bytes > LABEL_BYTES_MAX) throw new Fault(DECODE_STATUS.labelsTooLong);
    const { series, head, key, request } = this.slot;
    series[record + SERIES_WORD.labelsAt] = labelsFrom;
    series[record + SERIES_WORD.labelsBytes] = bytes;
    series[record + SERIES_WORD.firstSample] = first;
    series[record + SERIES_WORD.samples] = this.samples - first;
    series[record + SERIES_WORD.owner] = 0;
    const hashAt = record + SERIES_WORD.hash;
    labelHash(key, request, labelsFrom, bytes, series, hashAt);
    for (let i = 0; i < 4; i += 1) {
      series[hashAt + i] = (series[hashAt + i] as number) + (head[HEAD_WORD.tenant + i] as number);
    }
  }

  private readSample(end: number): void {
    const { times, values } = this.slot;
    times[this.samples] = 0;
    values[this.samples] = 0;
    while (this.at < end) {
      const tag = this.bytes[this.at];
      if (tag === 0x09) {
        if (end - this.at < 9) throw malformed();
        // By bytes: on its way through a variable a NaN may lose the bits that mean something.
        this.valueBytes.set(this.bytes.subarray(this.at + 1, this.at + 9), 8 * this.samples);
        this.at += 9;
      } else if (tag === 0x10) {
        const [low, high] = this.varint(this.at + 1, end);
        times[this.samples] = (high | 0) * 0x1_0000_0000 + low;
      } else this.skipField(end, SAMPLE_FIELDS);
    }
  }

  private skipField(end: number, known: number): void {
    const [low, high] = this.varint(this.at, end);
    const field = low >>> 3;
    if (high !== 0 || field === 0) throw malformed();
    if (field < 32 && ((known >>> field) & 1) === 1) throw malformed();
    const wire = low & 7;
    if (wire === 0) this.varint(this.at, end);
    else if (wire === 2) this.at = this.spanEnd(this.at, end);
    else {
      const bytes = wire === 1 ? 8 : wire === 5 ? 4 : 0;
      if (bytes === 0 || end - this.at < bytes) throw malformed();
      this.at += bytes;
    }
  }

  /** Leaves `at` behind the length. @returns where what it counts ends */
  private spanEnd(at: number, end: number): number {
    const [low, high] = this.varint(at, end);
    if (high !== 0 || low > end - this.at) throw malformed();
    return this.at + low;
  }

  /** Leaves `at` behind it. @returns low and high word, unsigned */
  private varint(from: number, end: number): readonly [low: number, high: number] {
    let [low, high] = [0, 0];
    for (let i = 0; i < 10 && from + i < end; i += 1) {
      const byte = this.bytes[from + i] as number;
      const bits = byte & 0x7f;
      const shift = 7 * i;
      if (shift < 32) low |= bits << shift;
      if (shift >= 32) high |= bits << (shift - 32);
      else if (shift > 25) high |= bits >>> (32 - shift);
      if (byte >= 0x80) continue;
      if ((byte === 0 && i > 0) || (i === 9 && byte > 1)) throw malformed();
      this.at = from + i + 1;
      return [low >>> 0, high >>> 0];
    }
    throw malformed();
  }
}

function malformed(): Fault {
  return new Fault(DECODE_STATUS.malformed);
}
