/**
 * Pictures of the inspector's page for the documentation, light and dark, narrow and wide: of a shop of
 * actors, and of a fleet that runs. Each view is looked at by axe, too; a serious finding, an error on the
 * console or a page that is wider than its window fails it. Needs Chromium (`CHROMIUM=/path/to/it`) and a
 * build. `--check` writes no picture.
 */
import { spawn, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import axe from 'axe-core';
import { chromium } from 'playwright-core';
import { inspect } from 'ringmaster/inspector';
import { startShop } from './page-demo.mjs';

const ROOT = fileURLToPath(new URL('../', import.meta.url));
const IMAGES = join(ROOT, 'docs/images/');
const COMMAND = join(ROOT, 'dist/cli/main.js');
const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
const isCheck = process.argv.includes('--check');
const folder = mkdtempSync(join(tmpdir(), 'rm-page-'));
const found = [];

/** Milliseconds until charts have something to show. */
const WARM_MS = isCheck ? 6000 : 75_000;
const FLEET_MS = isCheck ? 4000 : 20_000;
const SETTLE_MS = 2500;
/** Of the example, on a port of its own. */
const GATEWAY = 'http://127.0.0.1:28180/write';
const WIDE = { width: 1440, height: 900 };
const NARROW = { width: 360, height: 740 };

/** name: of the picture; null: only looked at. */
const OF_SHOP = [
  ['inspector-overview-light', '#/overview', 'light', { ...WIDE, height: 1330 }],
  ['inspector-overview-dark', '#/overview', 'dark', { ...WIDE, height: 1330 }],
  ['inspector-actors', '#/actors?filter=shop+depth%3E0', 'dark', WIDE],
  ['inspector-actor', '#/actor/%2Fsupervisor-1%2Fprices', 'light', { ...WIDE, height: 1000 }],
  ['inspector-tree', '#/tree/%2Fuser', 'dark', { ...WIDE, height: 700 }],
  ['inspector-narrow', '#/overview', 'light', NARROW],
  [
    'inspector-metric',
    '#/metrics/ringmaster_thread_busy_seconds_total',
    'dark',
    { ...WIDE, height: 760 },
  ],
  [null, '#/metrics', 'light', WIDE],
  [null, '#/metrics/ringmaster_ring_fill_ratio', 'light', NARROW],
  [null, '#/threads', 'dark', WIDE],
  [null, '#/threads', 'light', NARROW],
  [null, '#/events', 'light', WIDE],
  [null, '#/events', 'dark', NARROW],
  [null, '#/dead', 'light', WIDE],
  [null, '#/healing', 'light', WIDE],
  [null, '#/healing', 'dark', NARROW],
  [null, '#/actors', 'light', NARROW],
  [null, '#/tree', 'light', NARROW],
  [null, '#/actor/%2Fsupervisor-1%2Fprices', 'dark', NARROW],
];
const OF_FLEET = [
  ['inspector-fleet', '#/overview', 'light', { ...WIDE, height: 1130 }],
  ['inspector-service', '#/service/gateway', 'dark', { ...WIDE, height: 1060 }],
  ['inspector-decisions', '#/decisions', 'light', { ...WIDE, height: 700 }],
  ['inspector-ring', '#/ring/receiver', 'dark', { ...WIDE, height: 700 }],
  [null, '#/healing', 'dark', WIDE],
  [null, '#/regions', 'light', WIDE],
  [null, '#/regions', 'dark', NARROW],
  [null, '#/healing', 'light', NARROW],
  [null, '#/metrics', 'dark', NARROW],
  [null, '#/metrics/ringmaster_request_duration_seconds', 'light', WIDE],
  [null, '#/services', 'dark', WIDE],
  [null, '#/services', 'light', NARROW],
  [null, '#/service/receiver', 'light', NARROW],
  [null, '#/decisions', 'dark', NARROW],
  [null, '#/ring/receiver', 'light', NARROW],
];

const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const say = (text) => process.stdout.write(`${text}\n`);

/** Signs in, goes to a view, looks at it. */
async function look(browser, { url, token }, [name, hash, colorScheme, viewport]) {
  const context = await browser.newContext({ viewport, colorScheme, bypassCSP: false });
  const page = await context.newPage();
  const trouble = (what) => found.push(`${hash} ${colorScheme} ${viewport.width}: ${what}`);
  page.on('console', (message) => {
    if (message.type() === 'error') trouble(message.text());
  });
  page.on('pageerror', (error) => trouble(error.message));
  await page.goto(url);
  await page.fill('#token', token);
  await page.click('button[type=submit]');
  await page.waitForSelector('nav[aria-label=Views]');
  await page.evaluate((place) => {
    location.hash = place;
  }, hash);
  await wait(SETTLE_MS);
  if (name !== null && !isCheck) await page.screenshot({ path: `${IMAGES}${name}.png` });
  // By the debugger, which the page's policy does not bind.
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate(() => globalThis.axe.run());
  for (const { impact, id, nodes } of violations) trouble(`${impact} ${id}: ${nodes[0].html}`);
  const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  if (over > 0) trouble(`wider than its window by ${over}`);
  await context.close();
  say(`looked at ${hash}, ${colorScheme}, ${viewport.width} wide`);
}

async function shop(browser) {
  const { system, end } = await startShop();
  const inspector = await inspect(system, {
    directory: join(folder, 'shop'),
    // Where this repository lies is nobody's business.
    redact: (text) => text.replaceAll(new URL('..', import.meta.url).href, 'file:///app/'),
  });
  const token = readFileSync(inspector.tokenFile('admin'), 'utf8').trim();
  await wait(WARM_MS);
  const at = { url: `http://localhost:${inspector.port}/`, token };
  for (const view of OF_SHOP) await look(browser, at, view);
  await inspector.close();
  await end();
}

/** The example of a fleet, on ports of its own, with a release that has begun. */
async function fleet(browser) {
  cpSync(join(ROOT, 'examples/receiver'), folder, { recursive: true });
  const file = join(folder, 'fleet.yaml');
  const example = readFileSync(file, 'utf8').replaceAll('808', '2818').replaceAll('5m', '30s');
  writeFileSync(file, example);
  const ringmaster = (...args) => {
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [COMMAND, ...args, '-C', folder],
      {
        cwd: folder,
        encoding: 'utf8',
      },
    );
    if (status !== 0) throw new Error(`ringmaster ${args.join(' ')}: ${stderr}`);
    return stdout;
  };
  let load = null;
  const said = ringmaster('up', '-d', '-f', file, '--inspect', '0');
  try {
    ringmaster('status', '--for', 'healthy', '--timeout', '60s');
    load = spawn(process.execPath, [join(folder, 'load.mjs'), GATEWAY, '300', '60'], {
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    await wait(FLEET_MS);
    writeFileSync(file, example.replaceAll('version: v1', 'version: v2'));
    ringmaster('apply', '-f', file);
    const url = /http:\/\/\S+\//.exec(said)?.[0] ?? '';
    const token = readFileSync(join(folder, 'inspector/admin.token'), 'utf8').trim();
    await wait(FLEET_MS);
    for (const view of OF_FLEET) await look(browser, { url, token }, view);
  } finally {
    load?.kill();
    ringmaster('down');
  }
}

mkdirSync(IMAGES, { recursive: true });
const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';
const browser = await chromium.launch({ executablePath, args: FLAGS });
try {
  await shop(browser);
  await fleet(browser);
} finally {
  await browser.close();
  rmSync(folder, { recursive: true, force: true });
}
for (const one of found) say(one);
say(`${OF_SHOP.length + OF_FLEET.length} views, ${found.length} findings`);
process.exitCode = found.length === 0 ? 0 : 1;
