/**
 * `npm run test:system`: the tests that need Debian programs. Installs what is missing when it may (as
 * root, by apt-get), and otherwise says what is missing and fails. Erlang: a fresh
 * recording of its supervisor is compared with ours, and the benchmarks' Erlang peers run once.
 * strace: errors of the disk are injected below the store. wrk: load through the router. Prometheus: scrapes
 * a program, writes to us, and counts the same samples; scrapes a fleet's own metrics, which promtool accepts.
 * Chromium: the inspector's page on 100,000 actors and on fleets; pictures are left in build/screenshots.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const PACKAGES = [
  { program: 'escript', package: 'erlang-base' },
  { program: 'strace', package: 'strace' },
  { program: 'prometheus', package: 'prometheus' },
  { program: 'wrk', package: 'wrk' },
  { program: 'chromium', package: 'chromium' },
];
const DEADLINE_MS = 600_000;

const say = (text) => process.stdout.write(`${text}\n`);

function has(program) {
  return spawnSync('sh', ['-c', `command -v ${program}`]).status === 0;
}

/** A package that is missing is fetched, with one look at fresh lists when the old ones fail. */
function install({ program, package: name }) {
  if (has(program)) return;
  if (process.getuid?.() !== 0 || !has('apt-get')) {
    say(`${program} is missing; install the Debian package ${name}, or run this as root.`);
    process.exit(1);
  }
  say(`installing ${name} …`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const fetch = () =>
    spawnSync('apt-get', ['install', '-y', '--no-install-recommends', name], { env }).status === 0;
  if (fetch()) return;
  spawnSync('apt-get', ['update'], { env });
  if (fetch()) return;
  say(`${name} could not be installed by apt-get; install it by hand and run this again.`);
  process.exit(1);
}

function run(command, args, env = {}) {
  execFileSync(command, args, {
    stdio: 'inherit',
    timeout: DEADLINE_MS,
    env: { ...process.env, ...env },
  });
}

for (const needed of PACKAGES) install(needed);
say('errors of the disk below the store …');
run(process.execPath, ['scripts/store-disk-errors.mjs']);
say('a Prometheus that writes to us …');
run(process.execPath, ['scripts/remote-write-prometheus.mjs']);
say('a fleet that a Prometheus scrapes …');
run(process.execPath, ['scripts/metrics-prometheus.mjs']);
say('the router under wrk, while its fleet is changed, and loses its brain and an instance …');
run(process.execPath, ['scripts/router-under-wrk.mjs']);
say('the inspector in a browser …');
run('npx', ['vitest', 'run', '--config', 'vitest.browser.config.ts']);
const folder = mkdtempSync(join(tmpdir(), 'ringmaster-otp-'));
try {
  say('recording what the supervisor of the installed OTP does …');
  run('escript', ['scripts/otp-supervisor-traces.escript', folder]);
  run('npx', ['vitest', 'run', 'test/runtime/supervision/otp-traces.test.ts'], {
    OTP_TRACES: folder,
  });
  say('one short block of the benchmarks with Erlang beside us …');
  run('npm', ['run', '--silent', 'bench', '--', 'B1', 'B2', '--quick']);
} finally {
  rmSync(folder, { recursive: true });
}
