/**
 * The demo from its first process to its last table: a fleet in a directory of its own, clients that never
 * stop writing, the steps, what came of each and why. It fails when a rule of a step was broken.
 */
import type { ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ServiceDetail } from '../../drivers/client.ts';
import { CommandError, EXIT } from '../exit-codes.ts';
import { placeOf } from '../inspector-address.ts';
import { endLocalFleet, startLocalFleet, untilUp } from '../local-fleet.ts';
import { type Column, print, printAside, printable, printData, tableText } from '../output.ts';
import { lookHere } from '../verbs/inspect.ts';
import { elapsedMs } from '../watching.ts';
import { type DemoPorts, demoPorts, SHORTENED } from './demo-fleet.ts';
import { areHealthy, FleetWatch } from './fleet-watch.ts';
import { errorsOf, LoadProcess, type LoadSums, movesOf } from './load-process.ts';
import { begin, brokenBy, CALM, type Found, type Step, stepsOf } from './steps.ts';

/** How it is run. */
export type DemoOptions = {
  /** It goes on until it is interrupted, for people to look around. */
  readonly stays: boolean;
  /** The last table in that form, and nothing else on standard output; null: as a table. */
  readonly data: 'json' | 'yaml' | null;
  /** Of its own, and kept; absent: a temporary one, which is kept when it fails. */
  readonly directory?: string | undefined;
};

/** One line of the last table. */
type Row = Found & { readonly step: Step; readonly sums: LoadSums; readonly tookMs: number };

/** How many decisions of a step are shown. */
const WHYS_MAX = 8;
const SETTLED_MS = 30_000;
const INDENT = '          ';

/**
 * Runs it.
 * @throws (rejects) CommandError with every rule that was broken; RM_* of what could not be done at all
 */
export async function runDemo(options: DemoOptions): Promise<void> {
  const directory = options.directory ?? temporaryFolder();
  if (existsSync(join(directory, 'store'))) {
    const message = `${directory} is a fleet's already; name another directory, or none.`;
    throw new CommandError(EXIT.conflict, message);
  }
  const demo = new Demo(options, directory, await demoPorts());
  const interrupt = (): void => void demo.interrupted().then((code) => process.exit(code));
  // Also a second time: who is impatient would leave the fleet behind.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, interrupt);
  // A pipe or a terminal that is closed ends the fleet, not only us.
  for (const stream of [process.stdout, process.stderr]) {
    stream.removeAllListeners('error').on('error', interrupt);
  }
  await demo.run();
}

/** @throws CommandError when there is no place for it */
function temporaryFolder(): string {
  const parent = tmpdir();
  try {
    return mkdtempSync(join(parent, 'ringmaster-demo-'));
  } catch (error) {
    const message =
      `the demo's fleet cannot have a folder in ${parent}: ${(error as Error).message}; expected a folder ` +
      'that you may write to: set TMPDIR to one, or name a directory with -C.';
    throw new CommandError(EXIT.failed, message);
  }
}

class Demo {
  private readonly options: DemoOptions;
  private readonly directory: string;
  private readonly ports: DemoPorts;
  private readonly fleet: FleetWatch;
  private readonly say: (text: string) => void;
  private readonly begunMs: number = elapsedMs();
  private agent: ChildProcess | null = null;
  private load: LoadProcess | null = null;
  private isOver = false;
  private ending: Promise<void> | null = null;

  constructor(options: DemoOptions, directory: string, ports: DemoPorts) {
    this.options = options;
    this.directory = directory;
    this.ports = ports;
    this.say = options.data === null ? print : printAside;
    this.fleet = new FleetWatch(directory, this.say);
  }

  async run(): Promise<void> {
    try {
      await this.begin();
      await this.steps();
      this.isOver = true;
      if (this.options.stays) await this.stay();
    } catch (error) {
      // Whoever interrupts it waits for its end, not for what failed because of that.
      if (this.ending !== null) return await new Promise(() => undefined);
      this.say(`\nthe fleet's logs are left in ${this.directory}`);
      await this.end();
      throw error;
    }
    await this.end();
    this.clean();
  }

  /** Ends everything that was started. @returns how the command ends */
  async interrupted(): Promise<number> {
    if (this.ending === null) this.say('\nending the fleet');
    await this.end();
    this.clean();
    return this.isOver ? EXIT.ok : EXIT.interrupted;
  }

  private async begin(): Promise<void> {
    const { fleet, ports, directory } = this;
    this.say(`ringmaster demo: gateways before shards in three zones, in ${directory}`);
    this.say(`shortened for this: ${SHORTENED}\n`);
    this.agent = await startLocalFleet(directory, { isDetached: true, ports: { inspect: '0' } });
    await untilUp(this.agent, directory);
    this.say(lookHere(await placeOf({ directory })));
    this.sayAt('agent and brain are up; applying the fleet');
    const upMs = await begin(fleet, ports);
    this.sayAt(`healthy after ${seconds(upMs)}: ${this.url()}`);
    this.load = new LoadProcess(this.url(), CALM);
    this.sayAt(`${CALM.rate} requests a second from ${CALM.tenants} tenants\n`);
    await this.load.round();
  }

  private async steps(): Promise<void> {
    const { fleet, load, ports } = this;
    if (load === null) return;
    const rows: Row[] = [];
    const broken: string[] = [];
    for (const step of stepsOf({ fleet, load, ports })) {
      this.sayAt(`${step.name}: ${step.title}`);
      const row = await this.rowOf(step, load);
      rows.push(row);
      const faults = [...row.faults, ...brokenBy(step, row.sums)];
      broken.push(...faults.map((fault) => `${step.name}: ${fault}`));
      for (const note of row.notes) this.say(`${INDENT}${note}`);
      await this.sayWhy(step, row.tookMs);
      for (const fault of faults) this.say(`${INDENT}BROKEN: ${fault}`);
      this.sayAt(`${faults.length === 0 ? 'held' : 'not held'}\n`);
    }
    const { data } = this.options;
    if (data !== null) await printData(data, 'Demo', { steps: rows.map(dataOf), broken });
    else print(tableText('table', { kind: 'Step', items: rows, columns: COLUMNS, nameOf }));
    if (broken.length > 0) throw new CommandError(EXIT.failed, broken.join('\n'));
    this.say(`\nall ${rows.length} steps held, ${this.at()}`);
  }

  private async rowOf(step: Step, load: LoadProcess): Promise<Row> {
    await load.chapter(step.name);
    const begun = elapsedMs();
    try {
      const found = await step.run();
      await this.fleet.until('the fleet is healthy again', SETTLED_MS, areHealthy);
      const tookMs = elapsedMs() - begun;
      if (step.changed !== null) await load.round();
      const sums = await load.chapter('between');
      return { ...found, step, sums, tookMs };
    } catch (error) {
      await this.sayWhy(step, elapsedMs() - begun).catch(() => undefined);
      throw error;
    }
  }

  /** What was decided meanwhile, in the words of who decided; each sentence once. */
  private async sayWhy({ why }: Step, tookMs: number): Promise<void> {
    const { fleet } = this;
    const { nowMs } = await fleet.ask<ServiceDetail>('Service.get', { service: why.service });
    const own = (await fleet.decisions(why.service)).filter(
      ({ act, lastMs }) => why.kinds.includes(act.kind) && lastMs >= nowMs - tookMs,
    );
    const sentences = new Set(own.map(({ who, why: said }) => printable(`${who}: ${said}`)));
    for (const said of [...sentences].slice(-WHYS_MAX)) this.say(`${INDENT}because ${said}`);
  }

  /** Until somebody has seen enough. */
  private stay(): Promise<never> {
    this.say(`
it goes on until Ctrl-C. In another terminal:
  export RINGMASTER_DIRECTORY=${this.directory}
  npx ringmaster get -w            # what changes
  npx ringmaster why receiver      # what was decided, and from what
  npx ringmaster ring receiver --what-if +1
  curl -i -H 'x-tenant: you' --data 'hello_total 1' ${this.url()}`);
    return new Promise(() => undefined);
  }

  private end(): Promise<void> {
    this.ending ??= this.endAll();
    return this.ending;
  }

  private async endAll(): Promise<void> {
    this.load?.end();
    this.agent?.unref();
    // It may have come no further than that.
    await endLocalFleet(this.directory).catch(() => this.agent?.kill('SIGKILL'));
  }

  private clean(): void {
    if (this.options.directory !== undefined) return;
    rmSync(this.directory, { recursive: true, force: true });
  }

  private url(): string {
    return `http://127.0.0.1:${this.ports.gateway}/write`;
  }

  private at(): string {
    return seconds(elapsedMs() - this.begunMs);
  }

  private sayAt(text: string): void {
    this.say(`${this.at().padStart(INDENT.length - 2)}  ${text}`);
  }
}

const COLUMNS: readonly Column<Row>[] = [
  { title: 'STEP', of: ({ step }) => step.name },
  { title: 'TOOK', of: ({ tookMs }) => seconds(tookMs) },
  { title: 'REQUESTS', of: ({ sums }) => String(sums.sent) },
  { title: 'FAILED', of: ({ sums }) => String(errorsOf(sums)) },
  { title: 'NO QUORUM', of: ({ sums }) => `${sums.quorumLostSeconds} s` },
  { title: 'P50', of: ({ sums }) => `${sums.p50Ms.toFixed(1)} ms` },
  { title: 'P99', of: ({ sums }) => `${sums.p99Ms.toFixed(1)} ms` },
  { title: 'MOVED', of: (row) => String(movedOf(row)) },
  { title: 'FAIR SHARE', of: (row) => String(fairShareOf(row)) },
  { title: 'DETECTED', of: ({ detectMs }) => (detectMs === null ? '' : seconds(detectMs)) },
  { title: 'RECOVERED', of: ({ recoverMs }) => (recoverMs === null ? '' : seconds(recoverMs)) },
];

function dataOf(row: Row) {
  const { step, sums, tookMs, detectMs, recoverMs } = row;
  const { sent, errors, quorumLostSeconds, p50Ms, p99Ms } = sums;
  const keys = { moved: movedOf(row), fairShare: fairShareOf(row) };
  const seen = { sent, errors, quorumLostSeconds, p50Ms, p99Ms };
  return { step: step.name, tookMs, detectMs, recoverMs, ...seen, ...keys };
}

function nameOf({ step }: Row): string {
  return step.name;
}

function movedOf({ sums, step }: Row): number {
  return movesOf(sums, step.changed).all;
}

/** Of those that were written to, what a ring of three has to give to one of them. */
function fairShareOf({ sums, step }: Row): number {
  return step.changed === null ? 0 : Math.round(sums.tenants / 3);
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
