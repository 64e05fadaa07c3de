/**
 * Planted bugs: each is one edit of the compiled production code that the model checker must find.
 * An edit must match exactly once, so that a bug which no longer exists is noticed.
 */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export interface Mutant {
  readonly bug: string;
  /** File under dist/hotpath. */
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

const DIST = fileURLToPath(new URL('../../dist/hotpath/', import.meta.url));
const MUTANTS = fileURLToPath(new URL('../../build/mutants/', import.meta.url));

/** Writes a copy of a folder with one edit in it, and loads the folder's door. */
export async function loadMutant<Code>(mutant: Mutant, id: string, door: string): Promise<Code> {
  const area = door.slice(0, door.indexOf('/'));
  const target = `${MUTANTS}${id}/`;
  rmSync(target, { recursive: true, force: true });
  mkdirSync(target + area, { recursive: true });
  const inArea = readdirSync(DIST + area).map((name) => `${area}/${name}`);
  let edits = 0;
  for (const file of ['errors.js', 'mem.js', ROLE, ...inArea]) {
    if (!file.endsWith('.js')) continue;
    const parts = readFileSync(DIST + file, 'utf8').split('//# sourceMappingURL');
    const source = parts[0] as string;
    const pieces = file === mutant.file ? source.split(mutant.find) : [source];
    edits += pieces.length - 1;
    writeFileSync(target + file, pieces.join(mutant.replace));
  }
  if (edits !== 1) throw new Error(`"${mutant.bug}" matches ${edits} times in ${mutant.file}`);
  return (await import(/* @vite-ignore */ `${target}${door}`)) as Code;
}

const ROLE = 'role.js';
/** The same edit for every structure that has roles. */
const LOOK_THEN_TAKE: Omit<Mutant, 'bug'> = {
  file: ROLE,
  find: 'const before = mem.compareExchange(word, FREE, TAKEN);',
  replace: 'const before = mem.load(word); if (before === FREE) mem.store(word, TAKEN);',
};
const DRAIN_CONTROL =
  'const control = this.control.drain(handlers.control, Number.POSITIVE_INFINITY);';
const PRODUCER = 'ring/lane-producer.js';
const CONSUMER = 'ring/lane-consumer.js';
const PUBLISHER = 'publish/publisher.js';
const READER = 'publish/published-reader.js';

export const RING_MUTANTS: readonly Mutant[] = [
  {
    bug: 'tail is stored plainly',
    file: PRODUCER,
    find: 'this.mem.store(this.tailWord, this.position);',
    replace: 'this.mem.set(this.tailWord, this.position);',
  },
  {
    bug: 'a claim is published before its payload is written',
    file: PRODUCER,
    find: 'this.claimedBytes = payloadBytesMax;',
    replace:
      'this.claimedBytes = payloadBytesMax; this.mem.store(this.tailWord, (this.position + bytes) | 0);',
  },
  {
    bug: 'the header is written after publication',
    file: PRODUCER,
    find: 'mem.set(at >> 2, word0);',
    replace: 'this.mem.store(this.tailWord, (position + bytes) | 0); mem.set(at >> 2, word0);',
  },
  {
    bug: 'head is loaded plainly',
    file: PRODUCER,
    find: 'const head = this.mem.load(lane.headWord);',
    replace: 'const head = this.mem.get(lane.headWord);',
  },
  {
    bug: 'the mask is twice as wide as the lane',
    file: PRODUCER,
    find: 'this.mask = lane.capacityBytes - 1;',
    replace: 'this.mask = lane.capacityBytes * 2 - 1;',
  },
  {
    bug: 'one frame more than the lane holds',
    file: PRODUCER,
    find: '| 0) + bytes > this.capacityBytes)',
    replace: '| 0) + bytes > this.capacityBytes + 16)',
  },
  {
    bug: 'room is judged by the published tail',
    file: PRODUCER,
    find: 'const fill = (this.position - head) | 0;',
    replace: 'const fill = (this.published - head) | 0;',
  },
  {
    bug: 'fill does not wrap at 2^32',
    file: PRODUCER,
    find: 'if (((this.position - this.headSeen) | 0) + bytes',
    replace: 'if (this.position - this.headSeen + bytes',
  },
  {
    bug: 'head seen is moved past the real head',
    file: PRODUCER,
    find: 'this.headSeen = head;',
    replace: 'this.headSeen = (head + 16) | 0;',
  },
  {
    bug: 'a full lane keeps what was committed to itself',
    file: PRODUCER,
    find: 'this.publish();\n        return RING_FULL;',
    replace: 'return RING_FULL;',
  },
  {
    bug: 'publish believes that it has published',
    file: PRODUCER,
    find: 'if (this.position === this.published)',
    replace: 'if (((this.position - this.published) | 0) <= 16)',
  },
  {
    bug: 'commit forgets to move on',
    file: PRODUCER,
    find: 'this.position = (position + bytes) | 0;',
    replace: 'this.position = position;',
  },
  {
    bug: 'an aborted claim is counted as written',
    file: PRODUCER,
    find: 'abort() {\n',
    replace:
      'abort() {\n this.position = (this.position + frameBytes(this.claimedBytes, this.rounding)) | 0;\n',
  },
  {
    bug: 'a new producer starts at the head',
    file: PRODUCER,
    find: 'this.position = lane.mem.load(lane.tailWord);',
    replace: 'this.position = lane.mem.load(lane.headWord);',
  },
  {
    bug: 'tail is loaded plainly',
    file: CONSUMER,
    find: 'const tail = this.mem.load(this.lane.tailWord);',
    replace: 'const tail = this.mem.get(this.lane.tailWord);',
  },
  {
    bug: 'head is stored plainly',
    file: CONSUMER,
    find: 'this.mem.store(this.lane.headWord, this.position);',
    replace: 'this.mem.set(this.lane.headWord, this.position);',
  },
  {
    bug: 'space is given back before the record is read',
    file: CONSUMER,
    find: 'this.position = (position + bytes) | 0;',
    replace:
      'this.position = (position + bytes) | 0; this.mem.store(this.lane.headWord, this.position);',
  },
  {
    bug: 'everything acquired is given back',
    file: CONSUMER,
    find: 'this.mem.store(this.lane.headWord, this.position);',
    replace: 'this.mem.store(this.lane.headWord, this.tailSeen);',
  },
  {
    bug: 'a record is taken twice',
    file: CONSUMER,
    find: 'this.position = (position + bytes) | 0;',
    replace: 'this.position = position;',
  },
  {
    bug: 'the frame behind the tail is taken too',
    file: CONSUMER,
    find: 'const left = (this.tailSeen - position) | 0;',
    replace: 'const left = (this.tailSeen - position + 16) | 0;',
  },
  {
    bug: 'the tail seen does not wrap',
    file: CONSUMER,
    find: '((tail - this.tailSeen) | 0) < 0) {',
    replace: 'tail < this.tailSeen) {',
  },
  {
    bug: 'a role is looked at and then taken',
    ...LOOK_THEN_TAKE,
  },
  {
    bug: 'there is no slack behind the lanes',
    file: 'ring/ring-layout.js',
    find: 'return frameBytes(laneRecordBytesMax(laneBytes, sizes), frameRounding(sizes.payloadCheck));',
    replace: 'return 0;',
  },
  {
    bug: 'the control lane is looked at before the data lane',
    file: 'ring/ring.js',
    find: `this.data.acquire();\n        ${DRAIN_CONTROL}`,
    replace: `${DRAIN_CONTROL}\n        this.data.acquire();`,
  },
  {
    bug: 'the control lane uses the data lane’s head',
    file: 'ring/ring.js',
    find: 'headWord: CONTROL_HEAD_WORD,',
    replace: 'headWord: DATA_HEAD_WORD,',
  },
];

export const PUBLISH_MUTANTS: readonly Mutant[] = [
  {
    bug: 'a reader announces without a second look',
    file: READER,
    find: 'if (again === stamp) {',
    replace: 'if (again === stamp || again !== stamp) {',
  },
  {
    bug: 'a reader looks twice and then announces',
    file: READER,
    find: 'mem.store(this.#epochWord, stamp);\n            const again = mem.load(CURRENT_WORD);',
    replace:
      'const again = mem.load(CURRENT_WORD);\n            mem.store(this.#epochWord, stamp);',
  },
  {
    bug: 'a reader announces plainly',
    file: READER,
    find: 'mem.store(this.#epochWord, stamp);',
    replace: 'mem.set(this.#epochWord, stamp);',
  },
  {
    bug: 'a reader leaves plainly',
    file: READER,
    find: 'this.#mem.store(this.#epochWord, OFFLINE);',
    replace: 'this.#mem.set(this.#epochWord, OFFLINE);',
  },
  {
    bug: 'a reader does not leave',
    file: READER,
    find: 'this.#mem.store(this.#epochWord, OFFLINE);',
    replace: '',
  },
  {
    bug: 'a reader stays on what it once pinned',
    file: READER,
    find: 'if (stamp === this.#pinned && stamp !== OFFLINE)',
    replace: 'if (this.#pinned !== OFFLINE)',
  },
  {
    bug: 'a reader reads the newest content under an old announcement',
    file: READER,
    find: 'this.#pinned = stamp;\n                return this.#offset(stamp);',
    replace: 'this.#pinned = stamp;\n                return this.#offset(mem.load(CURRENT_WORD));',
  },
  {
    bug: 'readers share one epoch word',
    file: READER,
    find: 'this.#epochWord = epochWord(reader);',
    replace: 'this.#epochWord = epochWord(0);',
  },
  {
    bug: 'the writer looks at no epoch',
    file: PUBLISHER,
    find: 'taken |= 1 << stampSlot(epoch);\n',
    replace: '\n',
  },
  {
    bug: 'the writer loads epochs plainly',
    file: PUBLISHER,
    find: 'const epoch = this.#mem.load(epochWord(reader));',
    replace: 'const epoch = this.#mem.get(epochWord(reader));',
  },
  {
    bug: 'the writer reuses the current slot',
    file: PUBLISHER,
    find: 'let taken = (this.#current & 1) === 0 ? 0 : 1 << stampSlot(this.#current);',
    replace: 'let taken = 0;',
  },
  {
    bug: 'the writer forgets the last reader',
    file: PUBLISHER,
    find: 'for (let reader = 0; reader < this.sizes.readers; reader++) {\n            // Must be atomic',
    replace:
      'for (let reader = 0; reader < this.sizes.readers - 1; reader++) {\n            // Must be atomic',
  },
  {
    bug: 'current is stored plainly',
    file: PUBLISHER,
    find: 'this.#mem.store(CURRENT_WORD, this.#current);',
    replace: 'this.#mem.set(CURRENT_WORD, this.#current);',
  },
  {
    bug: 'a slot is published when it is taken',
    file: PUBLISHER,
    find: 'this.#writing = slot;',
    replace: `this.#writing = slot;
      this.#mem.store(CURRENT_WORD, stampOf((this.version + 1) & (VERSIONS - 1), slot));`,
  },
  {
    bug: 'the barrier ignores what readers announced',
    file: PUBLISHER,
    find: 'return epoch === OFFLINE || versionsBehind(this.version, stampVersion(epoch)) <= behindMax;',
    replace: 'return true;',
  },
  {
    bug: 'versions are compared without wrap-around',
    file: 'publish/publish-layout.js',
    find: 'return (current - version) & (VERSIONS - 1);',
    replace: 'return Math.max(0, current - version);',
  },
  {
    bug: 'the barrier asks the first reader only',
    file: PUBLISHER,
    find: 'reader++) {\n            if (!this.hasReached(reader, version))',
    replace: 'reader += 1024) {\n            if (!this.hasReached(reader, version))',
  },
];

const FLIP = 'metrics/window-flip.js';

export const WINDOW_MUTANTS: readonly Mutant[] = [
  {
    bug: 'the epoch is stored plainly',
    file: FLIP,
    find: 'this.#mem.store(EPOCH_WORD, (epoch + 1) | 0);',
    replace: 'this.#mem.set(EPOCH_WORD, (epoch + 1) | 0);',
  },
  {
    bug: 'the writer flips while the reader reads',
    file: FLIP,
    find: 'if (this.#mem.load(RELEASED_WORD) !== epoch)\n            return false;',
    replace: '',
  },
  {
    bug: 'the writer looks plainly at what was released',
    file: FLIP,
    find: 'this.#mem.load(RELEASED_WORD)',
    replace: 'this.#mem.get(RELEASED_WORD)',
  },
  {
    bug: 'a window is released plainly',
    file: FLIP,
    find: 'this.#mem.store(RELEASED_WORD, this.#held);',
    replace: 'this.#mem.set(RELEASED_WORD, this.#held);',
  },
  {
    bug: 'the reader takes the open window',
    file: FLIP,
    find: 'return ((epoch & 1) ^ 1);',
    replace: 'return (epoch & 1);',
  },
  {
    bug: 'the reader looks plainly at the epoch',
    file: FLIP,
    find: 'const epoch = this.#mem.load(EPOCH_WORD);',
    replace: 'const epoch = this.#mem.get(EPOCH_WORD);',
  },
  {
    bug: 'the reader sees a window that is not closed',
    file: FLIP,
    find: 'if (epoch === this.#mem.get(RELEASED_WORD))',
    replace: 'if (epoch === this.#mem.get(RELEASED_WORD) + 1)',
  },
];

export const ROLE_MUTANTS: readonly Mutant[] = [
  { bug: 'the roles of a shard are looked at and then taken', ...LOOK_THEN_TAKE },
  {
    bug: 'a role is given back plainly',
    file: ROLE,
    find: 'mem.store(word, FREE);',
    replace: 'mem.set(word, FREE);',
  },
  {
    bug: 'a role is taken over unasked',
    file: ROLE,
    find: '(before === TAKEN && takeOver)',
    replace: 'before === TAKEN',
  },
];
