/**
 * A load generator that we did not write (wrk) through the router, while a fleet is released, scaled up and
 * down, and loses its brain, which must not cost one request; then while an instance is killed, which may
 * cost what that one had under way. Called by `npm run test:system`; prints what wrk has counted. With
 * `--save` (after `tsc -b bench`) also into bench/results/router-under-wrk.json.
 */
import { execFileSync, spawn } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const COMMAND = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url));
const EXAMPLE = fileURLToPath(new URL('../examples/http-fleet/', import.meta.url));
const PORT = 28_411;
const CONNECTIONS = 32;
/** What one instance may have under way, and a connection that is just being made for each. */
const KILLED_MAX = 2 * CONNECTIONS;

const folder = mkdtempSync(join(tmpdir(), 'rm-wrk-'));
const say = (text) => process.stdout.write(`${text}\n`);
const ringmaster = (...args) =>
  execFileSync(process.execPath, [COMMAND, ...args], { cwd: folder, encoding: 'utf8' });
const healthy = () => ringmaster('status', '--for', 'healthy', '--timeout', '60s');

/** Runs wrk until `during` is over. @returns requests, and those that failed in any way */
async function underLoad(during) {
  const args = [
    '-t1',
    `-c${CONNECTIONS}`,
    '-d600s',
    '--timeout',
    '5s',
    `http://127.0.0.1:${PORT}/`,
  ];
  const wrk = spawn('wrk', args);
  let out = '';
  wrk.stdout.on('data', (piece) => {
    out += piece;
  });
  const ended = new Promise((resolve) => wrk.once('close', resolve));
  try {
    await during();
  } finally {
    // It says what it has counted, and ends.
    wrk.kill('SIGINT');
    await ended;
  }
  const numbers = (pattern) => (out.match(pattern) ?? []).slice(1).map(Number);
  const [requests = 0] = numbers(/(\d+) requests in/);
  const [status = 0] = numbers(/Non-2xx or 3xx responses: (\d+)/);
  const sockets = numbers(/Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)/);
  return { requests, failed: status + sockets.reduce((sum, count) => sum + count, 0), out };
}

function version(number) {
  const text = readFileSync(join(EXAMPLE, 'fleet.yaml'), 'utf8');
  const own = text.replace('8080', String(PORT)).replace('version: v1', `version: v${number}`);
  writeFileSync(join(folder, 'fleet.yaml'), own);
}

const nameOf = ({ instance }) => instance;

/** Pids by a part of their command lines. */
function pidsWith(...parts) {
  const found = readdirSync('/proc').filter((name) => {
    if (!/^\d+$/.test(name)) return false;
    try {
      const line = readFileSync(`/proc/${name}/cmdline`, 'latin1').replaceAll('\0', ' ');
      return parts.every((part) => line.includes(part)) && !line.includes('agent/main.js');
    } catch {
      return false;
    }
  });
  return found.map(Number);
}

/** With the machine that it was measured on. */
async function save(figures) {
  if (!process.argv.includes('--save')) return;
  const { machineBlock } = await import('../build/bench/harness/machine.js');
  const file = fileURLToPath(new URL('../bench/results/router-under-wrk.json', import.meta.url));
  const result = { takenAt: new Date().toISOString(), machine: machineBlock(), ...figures };
  writeFileSync(file, `${JSON.stringify(result, null, 2)}\n`);
  say(`saved in ${file}`);
}

let isSound = true;
try {
  cpSync(EXAMPLE, folder, { recursive: true });
  version(1);
  ringmaster('up', '-d', '-f', 'fleet.yaml');
  healthy();
  const planned = await underLoad(async () => {
    for (const [what, act] of [
      [
        'another version',
        () => {
          version(2);
          ringmaster('apply');
        },
      ],
      ['scaled up', () => ringmaster('scale', 'web', '5')],
      ['scaled down', () => ringmaster('scale', 'web', '2')],
      ['a restart', () => ringmaster('restart', 'web')],
      [
        'the brain killed',
        () => pidsWith('host-main.js', folder).map((pid) => process.kill(pid, 9)),
      ],
    ]) {
      act();
      // wrk's own process runs beside this one, which waits here.
      healthy();
      say(`  ${what}: healthy again`);
    }
  });
  const { out: _planned, ...plannedCounts } = planned;
  say(`planned work and the loss of the brain: ${planned.failed} of ${planned.requests} failed`);
  isSound &&= planned.requests > 0 && planned.failed === 0;
  if (planned.failed > 0) say(planned.out);

  const killed = await underLoad(async () => {
    const names = () => JSON.parse(ringmaster('get', 'web', '-o', 'json')).items.map(nameOf);
    const before = names();
    const [victim] = JSON.parse(ringmaster('top', 'web', '-o', 'json')).items;
    process.kill(victim.pid, 'SIGKILL');
    while (names().every((name) => before.includes(name)));
    healthy();
  });
  say(
    `an instance killed: ${killed.failed} of ${killed.requests} failed, at most ${KILLED_MAX} may`,
  );
  isSound &&= killed.requests > 0 && killed.failed <= KILLED_MAX;
  const { out: _killed, ...killedCounts } = killed;
  await save({
    connections: CONNECTIONS,
    planned: plannedCounts,
    instanceKilled: { ...killedCounts, mayFail: KILLED_MAX },
  });
} finally {
  try {
    ringmaster('down');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
process.exit(isSound ? 0 : 1);
