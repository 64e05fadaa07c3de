/** The page on a fleet whose names are other people's: never markup, and never wider than the page. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { start } from 'ringmaster';
import { inspect } from 'ringmaster/inspector';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { METHODS, type ResultOf } from '../../src/inspector/protocol/schema.ts';
import { BrowserRig, overflow } from './rig.ts';

const rig = new BrowserRig();
beforeAll(() => rig.open());
afterAll(() => rig.close());

const STRANGE = `<img src=x onerror=alert(1)>${'L'.repeat(150)}`;
const HEALING: ResultOf<'Healing.get'>['services'][number] = {
  ...{ service: STRANGE, revision: 'r', mode: 'panic', status: `panic: ${STRANGE}` },
  ...{ isFrozen: true, heldBy: STRANGE, unwell: [], keysCount: 0, keys: [], allowedActions: [] },
  counts: {
    ...{ members: 9, unwell: 7, unwellMax: 1, remedied: 0, remediedMax: 1 },
    ...{ ejected: 1, ejectedMax: 1 },
  },
  spare: { count: 0, why: STRANGE, unblock: STRANGE },
  ejections: [{ instance: STRANGE, why: STRANGE, times: 1, leftMs: 1 }],
  blocked: [{ revision: 'r', version: STRANGE, why: STRANGE }],
};
const LEADER: ResultOf<'Fleet.leader'> = {
  ...{ machine: STRANGE, pid: 1, token: 1, key: STRANGE, leadersCount: 1 },
  ...{ ledForMs: 1e12, ttlMs: 10_000, renewedAgoMs: 9, leftMs: 9991 },
  leaders: [{ machine: STRANGE, pid: 1, token: 1, sinceIso: STRANGE, agoMs: 1e12 }],
};
const ANSWERS: Readonly<Record<string, unknown>> = {
  'Healing.get': { services: [HEALING], servicesCount: 1000 },
  'Fleet.leader': LEADER,
  'Region.list': { fleet: STRANGE, regions: [], reservations: null },
};

test('strange - long names and markup are text, in views wide and narrow', async () => {
  const system = await start({ threads: 1 });
  const directory = mkdtempSync(join(tmpdir(), 'ringmaster-browser-strange-'));
  let isBroken = false;
  const ask = async (method: string): Promise<unknown> => {
    if (isBroken && method === 'Fleet.leader') return { leaders: 7 };
    if (method in ANSWERS) return ANSWERS[method];
    throw new Error('it is not asked here');
  };
  const inspector = await inspect(system, { directory, fleet: { ask } });
  const url = inspector.url.replace(/^ws/, 'http').replace(/inspect$/, '');
  expect(METHODS['Healing.get'].result.parse(ANSWERS['Healing.get'])).toBeTruthy();
  for (const width of [1280, 390]) {
    const viewport = { width, height: 844 };
    const tokenFile = inspector.tokenFile('operator');
    const page = await rig.enter({ url, tokenFile }, { viewport });
    for (const [view, said] of [
      ['healing', 'The first 1 of 1,000 services'],
      ['regions', 'onerror=alert(1)'],
    ] as const) {
      await page.goto(`${url}#/${view}`);
      await page.getByText(said).first().waitFor();
      expect([width, view, await overflow(page)]).toEqual([width, view, 0]);
      expect(await page.locator('img').count()).toBe(0);
    }
    await page.close();
  }
  // What is no answer at all fails its own view, and no other.
  const page = await rig.enter({ url, tokenFile: inspector.tokenFile('viewer') });
  isBroken = true;
  await page.goto(`${url}#/regions`);
  await page.getByRole('alert').getByText('This view cannot be shown').waitFor();
  await page.goto(`${url}#/actors`);
  await page.getByRole('heading', { name: 'Actors' }).waitFor();
  isBroken = false;
  await page.goto(`${url}#/regions`);
  await page.getByText('onerror=alert(1)').first().waitFor();
  await page.close();
  await inspector.close();
  await system.close();
  rmSync(directory, { recursive: true });
});
