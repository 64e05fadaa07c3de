/**
 * Scenarios of published tables: more publications than slots, readers that come and go or die,
 * version numbers next to their wrap. They take the code as an argument, for planted bugs.
 */
import { assert } from '../../src/hotpath/errors.ts';
import type * as Publish from '../../src/hotpath/publish/index.ts';
import { VERSIONS } from '../../src/hotpath/publish/publish-layout.ts';
import type { Scenario } from './scenario.ts';

export type PublishCode = Pick<
  typeof Publish,
  'Publisher' | 'PublishedReader' | 'formatPublished' | 'publishBytes'
>;

const SLOT_BYTES = 64;
/** A word behind the table, one per version: what a control plane takes away after the barrier. */
const RESOURCES = 8;

/** Versions next to their wrap, at zero, and where a signed comparison would turn. */
const FIRST_VERSIONS = [0, VERSIONS - 2, VERSIONS / 2 - 2];

export function publishScenarios(code: PublishCode): Scenario[] {
  return [
    ...FIRST_VERSIONS.map((firstVersion) => wholeVersions(code, firstVersion, 1)),
    wholeVersions(code, VERSIONS - 2, 2),
    ...FIRST_VERSIONS.map((firstVersion) => barrier(code, firstVersion, 1)),
    barrier(code, VERSIONS - 2, 2),
  ];
}

/** More readers and publications than can be visited in all orders: for random schedules. */
export function largePublishScenarios(code: PublishCode): Scenario[] {
  return [wholeVersions(code, VERSIONS - 3, 3)];
}

function sizesFor(readers: number) {
  return { slotBytes: SLOT_BYTES, slots: 3, readers };
}

/** Readers see one version whole, and never an older one than before. Guards R4, HOT-5, HOT-6. */
function wholeVersions(code: PublishCode, firstVersion: number, readers: number): Scenario {
  const sizes = sizesFor(readers);
  const publications = readers === 2 ? 3 : 4;
  const marks = { 'a reader moved on': false };
  return {
    marks,
    name: `whole versions from ${firstVersion}, ${readers} readers`,
    words: code.publishBytes(sizes) / 4,
    init: (mem) => code.formatPublished(mem, { ...sizes, firstVersion }),
    killable: readers === 1 ? [0, 1] : [],
    threads: [
      (mem, { begin, observe }) => {
        const publisher = new code.Publisher(mem);
        begin();
        for (let content = 1; content <= publications; content++) {
          const at = publisher.begin();
          if (at < 0) {
            observe(-1);
            continue;
          }
          mem.set(at >> 2, content);
          mem.set((at >> 2) + 1, ~content);
          const version = publisher.publish();
          assert(version === publisher.version, 'publish returns the version');
          observe(content);
        }
      },
      ...Array.from({ length: readers }, (_, reader) =>
        readTurns(code, reader, reader === 0 ? 2 : 1),
      ),
    ],
    check: ({ observed, killed, mem }) => {
      const read = observed[1] as number[];
      marks['a reader moved on'] ||= read.length === 2 && read[0] !== read[1];
      if (killed[0] !== true) {
        const blocked = (observed[0] as number[]).filter((content) => content === -1).length;
        // Three slots, one reader: one current, one pinned, one always free.
        if (readers === 1) assert(blocked === 0, 'a writer with a free slot found none');
      }
      // A later reader sees the newest version, whoever died on the way.
      const writer = new code.Publisher(mem, { takeOver: true });
      for (let reader = 0; reader < readers; reader++) {
        const isGone = killed[reader + 1] !== true;
        assert(!isGone || writer.hasReached(reader, writer.version), 'a reader never left');
        writer.evict(reader);
      }
      const at = writer.begin();
      assert(at >= 0, 'no slot is free although nobody reads');
      mem.set(at >> 2, 99);
      writer.publish();
      const late = new code.PublishedReader(mem, 0);
      assert(mem.get(late.pin() >> 2) === 99, 'a late reader misses the newest version');
    },
  };
}

function readTurns(code: PublishCode, reader: number, turns: number): Scenario['threads'][number] {
  return (mem, { begin, observe }) => {
    const table = new code.PublishedReader(mem, reader);
    begin();
    let before = 0;
    for (let turn = 0; turn < turns; turn++) {
      const at = table.pin();
      if (at < 0) continue;
      const content = mem.get(at >> 2);
      assert(mem.get((at >> 2) + 1) === ~content, `mixed version ${content}`);
      assert(content >= before, `version ${content} after ${before}`);
      before = content;
      observe(content);
    }
    // Between the turns it moved on without going offline.
    table.unpin();
  };
}

/** After the barrier nobody is on an older version, so what it used may be taken away. */
function barrier(code: PublishCode, firstVersion: number, readers: number): Scenario {
  const sizes = sizesFor(readers);
  const publications = readers === 1 ? 3 : 2;
  const tableWords = code.publishBytes(sizes) / 4;
  const marks = { 'barrier passed': false, 'barrier held a writer back': false };
  return {
    marks,
    name: `barrier from ${firstVersion}, ${readers} readers`,
    words: tableWords + RESOURCES,
    init: (mem) => {
      code.formatPublished(mem, { ...sizes, firstVersion });
      for (let index = 0; index < RESOURCES; index++) mem.set(tableWords + index, 1);
    },
    threads: [
      (mem, { begin, observe }) => {
        const publisher = new code.Publisher(mem);
        begin();
        for (let content = 1; content <= publications; content++) {
          const at = publisher.begin();
          if (at < 0) return;
          mem.set(at >> 2, content);
          const version = publisher.publish();
          // Version by version: only the newest barrier that was passed allows a removal.
          if (publisher.allReached(version)) {
            for (let old = 1; old < content; old++) mem.set(tableWords + old, 0);
            observe(content);
          }
        }
      },
      ...Array.from({ length: readers }, (_, reader) =>
        readResource(code, reader, tableWords, 3 - readers),
      ),
    ],
    check: ({ observed }) => {
      marks['barrier passed'] ||= observed[0]?.length === publications;
      marks['barrier held a writer back'] ||= observed[0]?.length !== publications;
    },
  };
}

/** Uses what belongs to the version that it is on. */
function readResource(
  code: PublishCode,
  reader: number,
  tableWords: number,
  turns: number,
): Scenario['threads'][number] {
  return (mem, { begin }) => {
    const table = new code.PublishedReader(mem, reader);
    begin();
    for (let turn = 0; turn < turns; turn++) {
      const at = table.pin();
      if (at >= 0) {
        const content = mem.get(at >> 2);
        assert(mem.get(tableWords + content) === 1, `resource ${content} was taken away`);
      }
      table.unpin();
    }
  };
}
