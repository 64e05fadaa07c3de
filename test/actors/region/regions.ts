/** Regions without arbiters: links that report to a coordinator over a network of the test's making. */
import {
  type CoordinatorAnswer,
  type CoordinatorConfig,
  type CoordinatorState,
  coordinatorStart,
  coordinatorStep,
  type LinkState,
  linkAnswered,
  linkHolds,
  linkReport,
  linkStart,
  type RegionReport,
} from 'ringmaster/control-plane';

export const RESERVATION_MS = 60_000;

/** One region: what it has and wants of the one service, and its clock. */
export type SimRegion = {
  readonly name: string;
  demand: number;
  wanted: number;
  wantsWave: boolean;
  isHealthy: boolean;
  link: LinkState;
  /** Of its clock, against the true one. */
  readonly rate: number;
  incarnation: number;
};

type Message =
  | { readonly kind: 'report'; readonly report: RegionReport }
  | { readonly kind: 'answer'; readonly region: string; readonly answer: CoordinatorAnswer };

export class Regions {
  nowMs = 1_000_000;
  readonly regions: readonly SimRegion[];
  readonly config: CoordinatorConfig;
  coordinator: CoordinatorState | null;
  readonly network: Message[] = [];
  shrinks = 0;
  /** What must never be. */
  readonly wrongs: string[] = [];
  private epochs = 0;

  constructor(
    forecasts: readonly (number | null)[],
    { demand = 10, waveMs = 600_000, rates = [] as readonly number[] } = {},
  ) {
    this.regions = forecasts.map((_, i) => ({
      name: `region ${i}`,
      demand,
      wanted: demand,
      wantsWave: false,
      isHealthy: true,
      link: linkStart(`region ${i}`, 1, this.nowMs),
      rate: rates[i] ?? 1,
      incarnation: 1,
    }));
    this.config = {
      regions: forecasts.map((forecast, i) => ({ name: `region ${i}`, forecast })),
      isLossKept: true,
      reservationMs: RESERVATION_MS,
      waveMs,
      silenceMs: 10_000,
    };
    this.coordinator = this.started();
  }

  at(i: number): SimRegion {
    const region = this.regions[i % this.regions.length];
    if (region === undefined) throw new Error('there are no regions');
    return region;
  }

  restartCoordinator(): void {
    this.coordinator = this.started();
  }

  restart(region: SimRegion): void {
    region.incarnation++;
    region.link = linkStart(region.name, region.incarnation, this.clock(region));
  }

  pass(ms: number): void {
    this.nowMs += ms;
    this.check();
  }

  report(region: SimRegion): void {
    const { name, demand, wanted, wantsWave, isHealthy } = region;
    const services = [{ name: 'shop', demand, capacity: demand, wanted }];
    const look = { services, isHealthy, isCalm: true, wantsWave };
    const { state, report } = linkReport(region.link, look, this.clock(region));
    region.link = state;
    this.network.push({ kind: 'report', report });
    if (report.region !== name) throw new Error('a report of another region');
  }

  /** Of what is under way, the i-th arrives. */
  deliver(i: number): void {
    const [message] = this.network.splice(i % Math.max(1, this.network.length), 1);
    if (message?.kind === 'report' && this.coordinator !== null) {
      const { report } = message;
      const step = coordinatorStep(this.coordinator, this.config, report, this.nowMs);
      this.coordinator = step.state;
      const { answer } = step;
      if (answer !== null) this.network.push({ kind: 'answer', region: report.region, answer });
    } else if (message?.kind === 'answer') {
      const region = this.regions.find(({ name }) => name === message.region);
      if (region === undefined) return;
      region.link = linkAnswered(region.link, message.answer, this.clock(region));
    }
    this.check();
  }

  drop(i: number): void {
    this.network.splice(i % Math.max(1, this.network.length), 1);
  }

  /** What the region's arbiter would admit. */
  decide(region: SimRegion): void {
    if (region.wanted >= region.demand) {
      region.demand = region.wanted;
      return;
    }
    for (const floor of this.floors(region)) {
      const count = Math.max(region.wanted, floor);
      if (count >= region.demand) continue;
      region.demand = count;
      this.shrinks++;
      const all = this.regions.map(({ demand }) => demand);
      const left = all.reduce((sum, one) => sum + one, 0) - Math.max(...all);
      if (left < this.forecast()) {
        this.wrongs.push(`${region.name} shrank to ${count}, and ${left} are left of ${all}`);
      }
    }
  }

  /** Everybody reports, and everything arrives, but for what is lost. */
  round(isLost: () => boolean = () => false): void {
    this.pass(1000);
    for (const region of this.regions) this.report(region);
    while (this.network.length > 0) {
      if (isLost()) this.drop(0);
      else this.deliver(0);
    }
    for (const region of this.regions) this.decide(region);
  }

  holders(kind: 'shrink' | 'wave'): string[] {
    return this.regions
      .filter((one) =>
        linkHolds(one.link, this.clock(one)).some(({ grant }) => grant.kind === kind),
      )
      .map(({ name }) => name);
  }

  private floors(region: SimRegion): number[] {
    return linkHolds(region.link, this.clock(region)).flatMap(
      ({ grant }) => grant.floors.shop ?? [],
    );
  }

  private check(): void {
    for (const kind of ['shrink', 'wave'] as const) {
      const holders = this.holders(kind);
      if (holders.length > 1) this.wrongs.push(`${holders.join(' and ')} hold a ${kind}`);
    }
  }

  private forecast(): number {
    return this.config.regions.reduce((sum, { forecast }) => sum + (forecast ?? 0), 0);
  }

  private clock({ rate }: SimRegion): number {
    return this.nowMs * rate;
  }

  private started(): CoordinatorState {
    return coordinatorStart(`epoch ${++this.epochs}`, this.nowMs);
  }
}
