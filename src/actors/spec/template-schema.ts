/**
 * What one instance of a service is: how it is started, what it may use, how it is asked whether it is
 * well, and where its metrics are. A change of any of it is a new revision.
 */

import { cpu, httpPath, integer, memory, positiveDuration } from './scalars.ts';
import { z } from './schema.ts';

const fromElsewhere = z.union([
  z.strictObject({ fromFile: z.string().min(1).describe('File whose content is the value.') }),
  z.strictObject({ fromEnv: z.string().min(1).describe("Variable of the agent's environment.") }),
]);

/** A value, or where it is found when the process is started; only the reference is stored. */
const environment = z
  .record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/), z.union([z.string(), fromElsewhere]))
  .prefault({});

const probeTimes = {
  period: positiveDuration
    .prefault('10s')
    .describe('Between two looks. Longer: later found. Shorter: more requests.'),
  timeout: positiveDuration
    .optional()
    .describe(
      'For one answer; default: 1s, or the period where that is shorter. Longer: a slow instance counts ' +
        'as well. Shorter: a pause is a failure.',
    ),
  failures: integer(1, 100)
    .prefault(3)
    .describe(
      'In a row, before it counts as failed. More: later found. Fewer: one bad moment is enough.',
    ),
  successes: integer(1, 100).prefault(1).describe('In a row, before it counts as well again.'),
};

/** Longer than the period no answer may take. Milliseconds. */
const PROBE_TIMEOUT_MS = 1_000;

/** With the time that its answer may take, also where that was not written. */
function timed<T extends { readonly period: number; readonly timeout?: number | undefined }>(
  probe: T,
): T & { readonly timeout: number } {
  return { ...probe, timeout: probe.timeout ?? Math.min(PROBE_TIMEOUT_MS, probe.period) };
}

/** One way to ask. */
const probe = z.union([
  z
    .strictObject({
      http: httpPath.describe('Path that answers 2xx or 3xx while it is well.'),
      port: integer(1, 65_535).optional().describe("Default: the instance's own."),
      ...probeTimes,
    })
    .transform(timed),
  z
    .strictObject({ tcp: z.literal(true).describe('The port accepts.'), ...probeTimes })
    .transform(timed),
  z
    .strictObject({
      exec: z.array(z.string()).min(1).max(64).describe('A command that ends with 0.'),
      ...probeTimes,
    })
    .transform(timed),
  z
    .strictObject({ actor: z.literal('ping').describe('The actor answers.'), ...probeTimes })
    .transform(timed),
]);

const drain = z.strictObject({
  http: httpPath.describe('Asked before an instance stops: 200 it may, 425 too early, else no.'),
  interval: positiveDuration.prefault('1s').describe('Between two questions.'),
  timeout: positiveDuration
    .prefault('10m')
    .describe('After which a human is asked. Longer: a stuck drain blocks for longer.'),
});

const health = z
  .strictObject({
    startup: probe.optional().describe('Until it succeeds, nothing else is asked.'),
    liveness: probe.optional().describe('Failed: the instance is replaced.'),
    readiness: probe
      .optional()
      .describe('Failed: it gets no traffic. Without it: ready when it runs.'),
    drain: drain.optional().describe('Whether it may stop is its own to say.'),
  })
  .prefault({});

const metrics = z.strictObject({
  scrape: httpPath.describe('Prometheus text or OpenMetrics.'),
  port: integer(1, 65_535).optional().describe("Default: the instance's own."),
  interval: positiveDuration
    .prefault('5s')
    .describe('Between two scrapes. Longer: later decisions. Shorter: more load on instances.'),
});

const resources = z
  .strictObject({
    cpu: cpu.optional().describe('Cores that it asks for: the base of the metric cpu.'),
    memory: memory.optional().describe('Memory that it may use.'),
  })
  .prefault({});

/** The fields of a service that make its revision. */
export const templateFields = {
  version: z
    .string()
    .min(1)
    .max(128)
    .prefault('v1')
    .describe('A label for people. The revision is a hash of template, configuration and release.'),
  actor: z
    .string()
    .regex(/^[^#]+#[A-Za-z_$][\w$]*$/)
    .optional()
    .describe('Module and export of an actor definition: ./cart.ts#Cart.'),
  command: z
    .array(z.string().min(1))
    .min(1)
    .max(256)
    .optional()
    .describe('Program and arguments. Its port is in PORT.'),
  cwd: z.string().min(1).optional().describe('Directory that it is started in.'),
  env: environment.describe('Variables; a value, fromFile or fromEnv.'),
  data: z
    .strictObject({ path: z.string().min(1).describe('Directory that belongs to the slot.') })
    .optional()
    .describe('A slot that keeps data: its old instance stops before the new one starts.'),
  stopGrace: positiveDuration
    .prefault('30s')
    .describe('Between SIGTERM and SIGKILL. Longer: a stuck process blocks its slot for longer.'),
  resources: resources.describe('What one instance asks for.'),
  health: health.describe('How an instance is asked whether it is well.'),
  metrics: metrics.optional().describe('Where its metrics are.'),
};
