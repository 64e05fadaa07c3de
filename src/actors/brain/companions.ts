/**
 * The actors that stand beside a service's records: one for each controller, instance and shard. Brought
 * in line with the records after each pass, under a supervisor of their own; what crashes is restarted
 * there, and a controller that keeps crashing is a controller that does not answer.
 */
import type { AnyRef, Context, Supervisor } from '../../runtime/index.ts';
import { type ServiceRecord, specOf } from '../arbiter/records.ts';
import { Instance, type InstanceArgs } from '../instance/instance.actor.ts';
import { type ProbeKind, probesOf } from '../instance/instance.machine.ts';
import type { ServiceView } from '../protocol/fleet-view.ts';
import { Shard } from '../shard/shard.actor.ts';
import { type ShardView, shardViews } from '../shard/shard-view.ts';
import { Controller } from './controller.actor.ts';
import { CONTROLLER_NAMES, type ControllerName } from './controllers.ts';

type InstanceCompanion = { readonly ref: AnyRef; asked: string };

/** Thread rule: the arbiter's. */
export class Companions {
  private readonly ctx: Context;
  private readonly service: string;
  private readonly prober: AnyRef | null;
  private readonly supervisor: Supervisor;
  private readonly controllers: Map<ControllerName, AnyRef> = new Map();
  private readonly instances: Map<string, InstanceCompanion> = new Map();
  private readonly shards: Map<number, { readonly ref: AnyRef; seen: string }> = new Map();

  constructor(ctx: Context, service: string, prober: AnyRef | null) {
    this.ctx = ctx;
    this.service = service;
    this.prober = prober;
    // A controller may crash in every pass: that is answered by its silence, not by ending the arbiter.
    this.supervisor = ctx.supervisor({
      name: service,
      intensity: { restarts: Number.POSITIVE_INFINITY },
    });
  }

  /** Controllers are there before the first pass. Rejects as `Supervisor.spawn`. */
  async start(): Promise<void> {
    for (const name of CONTROLLER_NAMES) {
      const ref = await this.supervisor.spawn(Controller, { id: name, args: { name } });
      this.controllers.set(name, ref as unknown as AnyRef);
    }
  }

  /** All of them end, for good. Not waited for: one may be in the middle of a question. */
  stop(): void {
    void this.supervisor.stop().catch(() => undefined);
  }

  /** Asks one; rejects as `Ref.ask`. */
  ask(name: ControllerName, payload: unknown, timeoutMs: number): Promise<unknown> {
    const ref = this.controllers.get(name);
    if (ref === undefined) return Promise.reject(new Error(`${name} was not started`));
    return this.ctx.ask(ref, 'step', payload, { timeout: timeoutMs });
  }

  /** The actor of a shard, for those who want to subscribe; null: there is no such shard. */
  shard(ordinal: number): AnyRef | null {
    return this.shards.get(ordinal)?.ref ?? null;
  }

  /** As many actors as there are instances and shards, each told what concerns it. */
  async follow(record: ServiceRecord, view: ServiceView): Promise<void> {
    if (this.prober !== null) await this.followInstances(record, this.prober);
    await this.followShards(view);
  }

  private async followInstances(record: ServiceRecord, prober: AnyRef): Promise<void> {
    for (const [id, { ref }] of this.instances) {
      if (record.instances.has(id)) continue;
      this.instances.delete(id);
      // Not waited for: it may be in the middle of a question that nobody answers.
      void this.ctx.stop(ref).catch(() => undefined);
    }
    for (const entry of record.instances.values()) {
      const { health, stopGrace } = specOf(record, entry.revision);
      const probes = probesOf(entry.life, { health, stopGrace });
      const known = this.instances.get(entry.id);
      if (known === undefined && probes.length === 0) continue;
      const one = known ?? (await this.spawnInstance(entry.id, health, prober));
      this.tellProbes(one, probes);
    }
  }

  private tellProbes(one: InstanceCompanion, probes: readonly ProbeKind[]): void {
    const text = probes.join(' ');
    if (one.asked === text) return;
    one.asked = text;
    this.ctx.tell(one.ref, 'ask', probes);
  }

  private async spawnInstance(
    id: string,
    health: InstanceArgs['health'],
    prober: AnyRef,
  ): Promise<InstanceCompanion> {
    const args: InstanceArgs = {
      service: this.service,
      id,
      health,
      prober,
      arbiter: this.ctx.self,
    };
    const name = `instance/${id.replace('#', '~')}`;
    const ref = await this.supervisor.spawn(Instance, { id: name, args, restart: 'transient' });
    const one = { ref: ref as unknown as AnyRef, asked: '' };
    this.instances.set(id, one);
    return one;
  }

  private async followShards(view: ServiceView): Promise<void> {
    const views = shardViews(view);
    const ordinals = new Set(views.map(({ ordinal }) => ordinal));
    for (const [ordinal, { ref }] of this.shards) {
      if (ordinals.has(ordinal)) continue;
      this.shards.delete(ordinal);
      // Not waited for: it may be in the middle of a question that nobody answers.
      void this.ctx.stop(ref).catch(() => undefined);
    }
    for (const one of views) await this.tellShard(one);
  }

  private async tellShard(view: ShardView): Promise<void> {
    const text = JSON.stringify(view);
    let shard = this.shards.get(view.ordinal);
    if (shard === undefined) {
      const ref = await this.supervisor.spawn(Shard, { id: `shard/${view.ordinal}` });
      shard = { ref: ref as unknown as AnyRef, seen: '' };
      this.shards.set(view.ordinal, shard);
    }
    if (shard.seen === text) return;
    shard.seen = text;
    this.ctx.tell(shard.ref, 'seen', view);
  }
}
