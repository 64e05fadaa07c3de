/**
 * Which aggregator each series of a decoded request belongs to. Used by the receiver's thread, before
 * aggregators look at the request. An owner follows from the ring and from the aggregated series' name, so
 * that all inputs of one sum are at one place; the answer is remembered by the hash of the series.
 */
import { murmur3Text } from '../hash/murmur3.ts';
import { openTable } from '../hashring/open-table.ts';
import { RendezvousBuilder } from '../hashring/rendezvous-builder.ts';
import type { RendezvousTable } from '../hashring/rendezvous-table.ts';
import { SLOT_RANKS } from '../hashring/table-layout.ts';
import { type DropRule, droppedLabels } from './aggregated-series.ts';
import { walkLabels } from './label-walk.ts';
import { HEAD_WORD, SERIES_WORD, SERIES_WORDS } from './request-layout.ts';
import type { SlotViews } from './request-memory.ts';
import { NOT_FOUND, SeriesIndex } from './series-index.ts';

/**
 * Series whose owner is remembered; then all are forgotten, and each is read in full once more. Higher:
 * memory, some 40 bytes each. Lower than the series that come: no gain at all from remembering.
 */
const KNOWN_MAX = 2_000_000;
/** Of the table: 4,096 slots are even enough for a machine's threads. */
const SLOT_BITS = 12;
const SLOT_SHIFT: number = 32 - SLOT_BITS;

/** One thread. */
export class SeriesOwners {
  private readonly rules: readonly DropRule[];
  /** Aggregator of each slot of the ring. */
  private readonly owners: Uint16Array;
  private readonly known: SeriesIndex = new SeriesIndex();
  private readonly isAlone: boolean;

  /** @throws RM_TABLE_MEMBERS for no aggregator */
  constructor(aggregators: number, rules: readonly DropRule[]) {
    this.rules = rules;
    this.isAlone = aggregators === 1;
    this.owners = ringOf(aggregators);
  }

  /** Writes the owner of each series of a decoded slot. */
  assign(slot: SlotViews, tenant: string): void {
    if (this.isAlone) return;
    const { series } = slot;
    const end = (slot.head[HEAD_WORD.series] as number) * SERIES_WORDS;
    for (let record = 0; record < end; record += SERIES_WORDS) {
      const hashAt = record + SERIES_WORD.hash;
      let owner = this.known.find(series, hashAt);
      if (owner === NOT_FOUND) {
        owner = this.ownerOf(slot, record, tenant);
        if (this.known.size >= KNOWN_MAX) this.known.retain(() => false);
        this.known.add(series, hashAt, owner);
      }
      series[record + SERIES_WORD.owner] = owner;
    }
  }

  /** What is no series has an owner, too: who refuses it and counts it. */
  private ownerOf({ series, request }: SlotViews, record: number, tenant: string): number {
    const from = series[record + SERIES_WORD.labelsAt] as number;
    const walk = walkLabels(
      request,
      from,
      from + (series[record + SERIES_WORD.labelsBytes] as number),
    );
    if (walk.kind === 'refused') return 0;
    const dropped = droppedLabels(this.rules, walk.metric);
    const kept = walk.labels.filter(([name]) => !dropped.has(name));
    const hash = murmur3Text(JSON.stringify([tenant, walk.metric, kept]));
    return this.owners[hash >>> SLOT_SHIFT] as number;
  }
}

/** Aggregators are numbered; the table's members are in the order of their names. */
function ringOf(aggregators: number): Uint16Array {
  const names = Array.from({ length: aggregators }, (_, i) => `aggregator-${i}`);
  const builder = new RendezvousBuilder(
    names.map((name) => ({ name })),
    { slotBits: SLOT_BITS },
  );
  const image = builder.image({ replicas: 1 });
  const buffer = new ArrayBuffer(image.byteLength);
  image.writeTo({ buffer, generation: 1 });
  const table = openTable(buffer);
  const { cells } = table as RendezvousTable;
  return Uint16Array.from({ length: 1 << SLOT_BITS }, (_, slot) =>
    names.indexOf(table.members.name(cells[slot * SLOT_RANKS] as number)),
  );
}
