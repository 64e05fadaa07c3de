/**
 * `npm run test:node24`: what must hold on Node 24, too. Fetches Node 24 from the npm registry into a
 * folder of its own, or takes the one that NODE24 names; without any it fails and says how to get
 * one. Then: definitions load in threads from TypeScript without tsx; a seed of the simulator gives one
 * event log on this Node and that; the tests of packaging, threads and the simulator pass there.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const MAJOR = 24;
const FETCH_MS = 240_000;
const RUN_MS = 60_000;
const TESTS_MS = 300_000;
/** What runs on both versions; the rest of the suite knows no version. */
const TESTS = ['packaging', 'threads', 'testkit', 'actor', 'codec'].map(
  (name) => `test/runtime/${name}`,
);

const say = (text) => process.stdout.write(`${text}\n`);

/** Told at the end, in place of a stack. */
class Finding extends Error {}

function fail(text) {
  throw new Finding(text);
}

function output(program, args, options = {}) {
  return execFileSync(program, args, {
    cwd: ROOT,
    encoding: 'utf8',
    timeout: RUN_MS,
    killSignal: 'SIGKILL',
    stdio: ['ignore', 'pipe', 'inherit'],
    ...options,
  });
}

/** The program of Node 24. */
function node24(folder) {
  const given = process.env.NODE24;
  const program = given ?? join(folder, 'node_modules', 'node', 'bin', 'node');
  if (given === undefined) fetchNode(folder);
  let version = '';
  try {
    version = output(program, ['--version']).trim();
  } catch (error) {
    fail(`${program} does not run (${error.message}); set NODE24 to a program of Node ${MAJOR}.`);
  }
  if (!version.startsWith(`v${MAJOR}.`)) {
    fail(`${program} is Node ${version}, expected ${MAJOR}; set NODE24 to another one.`);
  }
  say(`${version} beside ${process.version}`);
  return program;
}

function fetchNode(folder) {
  writeFileSync(join(folder, 'package.json'), '{ "private": true }\n');
  const args = [
    'install',
    `node@${MAJOR}`,
    '--no-audit',
    '--no-fund',
    '--no-save',
    '--loglevel=error',
  ];
  try {
    output('npm', args, { cwd: folder, timeout: FETCH_MS });
  } catch (error) {
    fail(
      `Node ${MAJOR} could not be fetched: "npm install node@${MAJOR}" failed (${error.message}).\n` +
        `Nothing was tested. Install Node ${MAJOR} in any way and set NODE24 to its program.`,
    );
  }
}

/** An application in TypeScript, in a folder where no tsx can be found. */
function nativeTypeScript(program, folder) {
  const app = join(folder, 'app');
  mkdirSync(join(app, 'node_modules'), { recursive: true });
  symlinkSync(ROOT, join(app, 'node_modules', 'ringmaster'));
  for (const name of ['shop.ts', 'cart.ts']) {
    cpSync(join(ROOT, 'test/runtime/packaging/apps', name), join(app, name));
  }
  writeFileSync(join(app, 'package.json'), '{ "private": true, "type": "module" }\n');
  const said = output(program, ['shop.ts'], { cwd: app });
  if (said !== '5 for ann on thread 1\n') fail(`shop.ts said ${JSON.stringify(said)}`);
  say('definitions load in threads from TypeScript, without tsx');
}

function sameSimulations(program) {
  const script = join(ROOT, 'test/versions/sim-hashes.mjs');
  const here = output(process.execPath, [script]);
  const there = output(program, [script]);
  const lines = here.trim().split('\n');
  const others = there.trim().split('\n');
  const different = lines.filter((line, index) => line !== others[index]);
  const hashes = new Set(lines.map((line) => line.split(' ')[1]));
  if (lines.length < 2 || hashes.size < lines.length) fail(`these seeds have one hash:\n${here}`);
  if (here !== there) {
    fail(`${different.length} of ${lines.length} seeds differ; here\n${here}there\n${there}`);
  }
  say(`${lines.length} seeds of the simulator have the same event log on both`);
}

const folder = mkdtempSync(join(tmpdir(), 'ringmaster-node24-'));
try {
  const program = node24(folder);
  nativeTypeScript(program, folder);
  sameSimulations(program);
  const vitest = join(ROOT, 'node_modules/vitest/vitest.mjs');
  output(program, [vitest, 'run', ...TESTS], { stdio: 'inherit', timeout: TESTS_MS });
} catch (error) {
  say(error instanceof Finding ? error.message : `FAILED: ${error.message}`);
  process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true });
}
