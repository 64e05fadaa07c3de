/**
 * `npm run inspector-page -- [--actors N] [--seconds N] [--save]` (B22, the page's part): the page in
 * headless Chromium on 100,000 actors, of which 5,000 change in each 100 ms. From the browser's own trace:
 * milliseconds of script in each frame, the longest task; and of twenty loads the time to the first paint and
 * to the verdict. Answers: does the page keep up. Does not answer: what a screen would take to draw it; there
 * is none.
 */
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { type Browser, chromium, type Page } from 'playwright-core';
import { machineBlock } from '../harness/machine.ts';
import { median, quantile } from '../harness/statistics.ts';
import { framesOf, type TraceEvent } from './frames.ts';

const { values } = parseArgs({
  options: {
    actors: { type: 'string', default: '100000' },
    seconds: { type: 'string', default: '20' },
    save: { type: 'boolean', default: false },
  },
});
const actors = Number(values.actors);
const seconds = Number(values.seconds);
const LOADS = 20;
const SETTLE_MS = 5000;
const VIEWS = ['overview', 'actors'] as const;
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

const say = (text: string): void => void process.stderr.write(`${text}\n`);
const later = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const rounded = (value: number): number => Number(value.toFixed(2));

type Where = { readonly port: number; readonly token: string };

const child = spawn(
  process.execPath,
  [fileURLToPath(new URL('./load-child.js', import.meta.url)), values.actors, 'calm'],
  { stdio: ['pipe', 'pipe', 'inherit'] },
);
const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
const order = async <T>(text: string): Promise<T> => {
  child.stdin.write(`${text}\n`);
  return JSON.parse((await lines.next()).value as string) as T;
};
say(`${actors} actors are spawned`);
await lines.next();
const { port, token } = await order<Where>('open');
const url = `http://localhost:${port}/`;

async function enter(browser: Browser): Promise<Page> {
  const page = await (await browser.newContext()).newPage();
  await page.goto(url);
  await page.getByLabel('Token').fill(token);
  await page.getByRole('button', { name: 'Open the inspector' }).click();
  // Greeted: from now on the tab keeps the token over a reload.
  await page.locator('.link.open').waitFor();
  return page;
}

/** Of one view, while the actors change. */
async function watched(browser: Browser, view: (typeof VIEWS)[number]) {
  const page = await enter(browser);
  await page.goto(`${url}#/${view}`);
  await later(SETTLE_MS);
  const categories = ['devtools.timeline', 'disabled-by-default-devtools.timeline', 'toplevel'];
  await browser.startTracing(page, { categories });
  await later(seconds * 1000);
  const { traceEvents } = JSON.parse((await browser.stopTracing()).toString()) as {
    readonly traceEvents: readonly TraceEvent[];
  };
  await page.close();
  const { scriptMs, taskMs } = framesOf(traceEvents);
  say(`${view}: ${scriptMs.length} frames`);
  return {
    frames: scriptMs.length,
    scriptMs: {
      median: rounded(median(scriptMs)),
      p95: rounded(quantile(scriptMs, 0.95)),
      p99: rounded(quantile(scriptMs, 0.99)),
      max: rounded(Math.max(...scriptMs)),
    },
    longestTaskMs: rounded(Math.max(...taskMs)),
    tasksAbove33Ms: taskMs.filter((ms) => ms > 33).length,
  };
}

/** Milliseconds from the start of a load that is signed in: to the first paint, and to the verdict. */
async function loads(browser: Browser) {
  const page = await enter(browser);
  const [paints, verdicts]: [number[], number[]] = [[], []];
  for (let load = 0; load < LOADS; load++) {
    await page.reload({ waitUntil: 'commit' });
    await page.locator('.verdict .figures').waitFor();
    verdicts.push((await page.evaluate('performance.now()')) as number);
    const painted = await page.evaluate(
      'performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? NaN',
    );
    paints.push(painted as number);
  }
  await page.close();
  const of = (figures: readonly number[]) => ({
    median: rounded(median(figures)),
    p95: rounded(quantile(figures, 0.95)),
  });
  return { firstPaintMs: of(paints), verdictMs: of(verdicts) };
}

const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';
const browser = await chromium.launch({ executablePath, args: FLAGS });
const version = browser.version();
const opened = await loads(browser);
say('loads are measured');
const views: Record<string, unknown> = {};
for (const view of VIEWS) views[view] = await watched(browser, view);
await browser.close();
await order('quit');

const result = {
  takenAt: new Date().toISOString(),
  machine: machineBlock(),
  chromium: version,
  actors,
  changesPer100Ms: 5000,
  seconds,
  ...opened,
  views,
};
process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
if (values.save) {
  const name = actors === 100_000 ? 'inspector-page' : `inspector-page-${actors}`;
  const file = fileURLToPath(new URL(`../../../bench/results/${name}.json`, import.meta.url));
  writeFileSync(file, `${JSON.stringify(result, null, 2)}\n`);
}
process.exit(0);
