/** Every row of the decision tables, and that the comparison itself can fail. */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { DEVIATIONS, rowKey } from './deviations.ts';
import { runTables } from './run-tables.ts';

const TABLES = fileURLToPath(new URL('./tables/', import.meta.url));
const FILES = [
  'argo_analysis.json',
  'argo_canary_replicas.json',
  'hpa_behaviors.json',
  'hpa_group_pods.json',
  'hpa_replica_calculator.json',
  'k8s_deployment.json',
  'knative_kpa.json',
  'pantheon_rendezvous.json',
  'rollout_operator.json',
  'thanos_hashring.json',
];

const rows = runTables(TABLES);

describe('conformance', () => {
  // Guards: HOT-18.
  test.each(FILES)('conformance - every row of %s', (file) => {
    const own = rows.filter((row) => row.file === file && !DEVIATIONS.has(rowKey(row)));
    expect(own.length).toBeGreaterThan(0);
    expect(own.filter(({ isEqual }) => !isEqual)).toEqual([]);
  });

  test('conformance - every file says where its rows come from', () => {
    expect(new Set(rows.map(({ file }) => file))).toEqual(new Set(FILES));
    for (const file of FILES) {
      const { source } = JSON.parse(readFileSync(join(TABLES, file), 'utf8'));
      expect(source).toMatch(/\w+\/\w+|kubernetes|DERIVED/);
    }
  });
});

describe('conformance run', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'rm-tables-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const run = (...args: readonly string[]) => {
    const main = fileURLToPath(new URL('./main.ts', import.meta.url));
    return spawnSync(process.execPath, ['--import', 'tsx', main, ...args], { encoding: 'utf8' });
  };

  test('conformance run - any expectation that is changed fails, alone', () => {
    cpSync(TABLES, folder, { recursive: true });
    for (const file of FILES) {
      const path = join(folder, file);
      const changed = readFileSync(path, 'utf8')
        .replaceAll(/"(replicas|stable|desiredPods|readyPodCount)": (\d+)/g, '"$1": 9$2')
        .replaceAll(/"(expect|expectShard)": (\d+)/g, '"$1": 9$2');
      writeFileSync(path, changed);
    }
    const failed = runTables(folder).filter(({ isEqual }) => !isEqual);
    expect(failed.length).toBeGreaterThan(80);
  });

  test('conformance run - it prints each failing row with what was expected and what came', () => {
    const table = {
      source: 'a/b',
      trafficWeightToReplicas: [
        { name: 'right', replicas: 10, weight: 5, maxWeight: 100, expect: 1 },
        { name: 'wrong', replicas: 10, weight: 5, maxWeight: 100, expect: 2 },
      ],
      isNew: [{ expect: 1 }],
    };
    writeFileSync(join(folder, 'argo_canary_replicas.json'), JSON.stringify(table));
    writeFileSync(join(folder, 'other.json'), '{}');
    const { status, stdout } = run(folder);
    expect(stdout).toContain(
      'FAILED argo_canary_replicas.json trafficWeightToReplicas[1] (wrong)\n  expected 2\n  got      1\n',
    );
    expect(stdout).toContain('FAILED argo_canary_replicas.json isNew[0]');
    expect(stdout).toContain('FAILED other.json');
    expect(stdout).toMatch(/1 passed, 3 failed\n$/);
    expect(status).toBe(1);
  });

  test('conformance run - a row that makes a function throw is a failing row', () => {
    const row = { maxSurge: 'x', deploymentReplicas: 3, expect: {} };
    const broken = { resolveFenceposts: [{ desired: 1 }], reconcileNewReplicaSet: [row] };
    writeFileSync(join(folder, 'k8s_deployment.json'), JSON.stringify(broken));
    expect(runTables(folder).map(({ isEqual }) => isEqual)).toEqual([false, false]);
  });

  test('conformance run - wrong use says what was got and how it is used', () => {
    for (const args of [['a', 'b'], ['--nothing'], [join(folder, 'absent')], [folder]]) {
      const { status, stderr } = run(...args);
      expect({ args, status, hasHelp: stderr.includes('npm run conformance -- [DIR]') }).toEqual({
        args,
        status: 2,
        hasHelp: true,
      });
    }
    writeFileSync(join(folder, 'argo_analysis.json'), '{');
    expect(run(folder).stderr).toContain('argo_analysis.json cannot be read');
    expect(run('--help').status).toBe(0);
  });
});
