/** A recording in the page: saved, opened, gone through, a moment of it marked and compared with others. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { type Ref, type System, start } from 'ringmaster';
import { type FleetDoor, type Inspector, inspect } from 'ringmaster/inspector';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Keeper } from '../inspector/programs/keeper.mjs';
import { BrowserRig, overflow, picture, seriousFindings } from './rig.ts';

/** By the clock of the decisions, which is nobody else's. */
const DECISIONS_MS = 7_000_000;
/** Looks of the inspector at a fleet: four a second. */
const LOOKS_UNTIL_CHANGE = 20;
const LOOKS = 44;

const rig = new BrowserRig();
let directory = '';
let system: System;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'ringmaster-recording-'));
  system = await start({ threads: 1 });
  await rig.open();
});
afterAll(async () => {
  await rig.close();
  await system.close();
  rmSync(directory, { recursive: true });
});

const service = (version: string) => ({
  ...{ service: 'web', revision: 'r', kind: 'stateless', version, target: null, phase: 'idle' },
  ...{ step: '', weight: 0, message: '', ready: 2, wanted: 2, demand: 2, generation: null },
  ...{ routes: 1, healing: 'healthy', isFrozen: false, isFleetFrozen: false, heldBy: null },
  ...{ attention: [], state: 'healthy', allowedActions: [] },
});
const decision = (id: number, why: string) => ({
  ...{ id, atMs: DECISIONS_MS, lastMs: DECISIONS_MS, times: 1, who: 'rollout', service: 'web' },
  ...{ act: { kind: 'start' }, why, inputs: [], alternatives: [], line: why },
  verdict: { kind: 'admitted' },
});

/** A fleet; after some looks at it, it has another version by a decision, and `changed` is called. */
function fleetOf(changed: () => Promise<void>): { door: FleetDoor; seen: Promise<void> } {
  let looks = 0;
  let isSeen = (): void => undefined;
  const seen = new Promise<void>((resolve) => {
    isSeen = resolve;
  });
  const hasChanged = (): boolean => looks >= LOOKS_UNTIL_CHANGE;
  const door = async (method: string): Promise<unknown> => {
    if (method === 'Decisions.list') {
      const first = decision(1, 'v1 was applied');
      return { decisions: hasChanged() ? [first, decision(2, 'v2 was applied')] : [first] };
    }
    if (method !== 'Fleet.list') throw new Error(`nobody answers ${method}`);
    looks++;
    if (looks === LOOKS_UNTIL_CHANGE) await changed();
    if (looks === LOOKS) isSeen();
    const nowMs = DECISIONS_MS + looks * 250;
    const services = [service(hasChanged() ? 'v2' : 'v1')];
    return { fleet: 'shop', isFrozen: false, revision: 'f', nowMs, services };
  };
  return { door: { ask: door }, seen };
}

/** Of a run in which `changed` happens in the middle. @returns the file */
async function recorded(name: string, changed: () => Promise<void>): Promise<string> {
  const { door, seen } = fleetOf(changed);
  const inspector = await inspect(system, { directory: join(directory, name), fleet: door });
  await seen;
  const page = await enter(inspector);
  await page.goto(`${urlOf(inspector)}#/events`);
  const download = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Save the recording' }).click();
  const file = join(directory, `${name}.recording`);
  await (await download).saveAs(file);
  await page.close();
  await inspector.close();
  return file;
}

const urlOf = ({ port }: Inspector): string => `http://localhost:${port}/`;
const enter = (inspector: Inspector): Promise<Page> =>
  rig.enter({ url: urlOf(inspector), tokenFile: inspector.tokenFile('viewer') });

const spawned = async (id: string) =>
  (await system.spawn(Keeper, { id, placement: { thread: 1 } })) as unknown as Ref<{
    crash: (text: string) => void;
  }>;

test('recording - what a fleet was, and what is different between two moments of it', async () => {
  await spawned('stays');
  const file = await recorded('first', async () => {
    (await spawned('came')).tell('crash', 'in the middle');
  });
  const other = await recorded('second', () => Promise.resolve());
  // Without any server: the page alone reads it.
  const inspector = await inspect(system, { directory: join(directory, 'third') });
  const page = await rig.visit(urlOf(inspector));
  await page.getByLabel('Open a recording').setInputFiles(file);
  const slider = page.getByRole('slider', { name: 'Moment', exact: true });
  const begin = Number(await slider.getAttribute('min'));
  await page.keyboard.press('g');
  await page.keyboard.press('s');
  await page.getByRole('cell', { name: 'v2' }).waitFor();
  await slider.fill(String(begin + 2000));
  await page.getByRole('cell', { name: 'v1' }).waitFor();
  await page.getByRole('link', { name: 'web' }).click();
  await page.getByText('All of it is v1').waitFor();
  await page.getByText('Only what was recorded is known').waitFor();

  await page.keyboard.press('m');
  await page.keyboard.press('g');
  await page.keyboard.press('f');
  await page.getByRole('heading', { name: 'Differences' }).waitFor();
  await page.getByText('the same moment').waitFor();
  await slider.fill(String(await slider.getAttribute('max')));
  const region = (name: string) => page.getByRole('region', { name, exact: true });
  await region('Services').getByRole('row', { name: 'web version v1 v2' }).waitFor();
  await region('Actors').getByRole('row', { name: '/user/came' }).waitFor();
  await region('Events').getByText('told in the middle').first().waitFor();
  await region('Decisions').getByText('v2 was applied').waitFor();
  expect(await region('Decisions').getByText('v1 was applied').count()).toBe(0);
  // Dated by the calendar, though the decisions have a clock of their own.
  await region('Decisions')
    .getByText(/^\d\d:\d\d:\d\d$/)
    .waitFor();
  expect(await seriousFindings(page)).toEqual([]);
  await picture(page, 'differences');
  // Who is sent the address and the file sees the same.
  const address = page.url();
  expect(address).toMatch(/differences\?mark=\d+$/);
  const friend = await rig.visit(address, { colorScheme: 'dark' });
  await friend.getByLabel('Open a recording').setInputFiles(file);
  const row = friend.getByRole('row', { name: 'web version v1 v2' });
  await row.waitFor();
  expect(await seriousFindings(friend)).toEqual([]);
  await friend.setViewportSize({ width: 360, height: 740 });
  expect(await overflow(friend)).toBe(0);
  await friend.close();

  // Another run: its rows are counted, and nobody came that was there.
  await page.getByLabel('Compare with another recording').setInputFiles(other);
  await region('Events').getByText('in two runs: how many of each kind').waitFor();
  await region('Events').getByRole('row', { name: 'actor-crashed 0 1 +1' }).waitFor();
  // At its end it was as this one is at its end; in its middle it was not.
  expect(await page.getByRole('row', { name: 'web version' }).count()).toBe(0);
  const otherMoment = page.getByRole('slider', { name: 'Moment A' });
  const otherBegin = Number(await otherMoment.getAttribute('min'));
  await otherMoment.fill(String(otherBegin + 2000));
  await region('Services').getByRole('row', { name: 'web version v1 v2' }).waitFor();
  expect(await seriousFindings(page)).toEqual([]);

  // Whoever signs out of it and in again sees the server, which has no fleet, and nothing of the recording.
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByLabel('Token').fill(readFileSync(inspector.tokenFile('viewer'), 'utf8').trim());
  await page.getByRole('button', { name: 'Open the inspector' }).click();
  await page.getByText('Live', { exact: true }).waitFor();
  const links = page.getByRole('navigation', { name: 'Views' }).getByRole('link');
  expect(await links.filter({ hasText: /Overview|Services|Differences/ }).count()).toBe(1);
  expect(page.url()).not.toContain('mark=');
  await page.close();
  await inspector.close();
});

test('decisions - they are dated by the calendar of the server, whatever that of the page says', async () => {
  const { door } = fleetOf(() => Promise.resolve());
  const ask: FleetDoor['ask'] = async (method, params) =>
    method === 'Service.get'
      ? { nowMs: DECISIONS_MS, summary: service('v1'), instances: [] }
      : await door.ask(method, params);
  const inspector = await inspect(system, { directory: join(directory, 'clock'), fleet: { ask } });
  const page = await enter(inspector);
  // A token is kept once the server has greeted.
  await page.getByText('Live', { exact: true }).waitFor();
  await page.addInitScript('const now = Date.now; Date.now = () => now() + 5 * 3_600_000');
  await page.reload();
  await page.goto(`${urlOf(inspector)}#/decisions`);
  const shown = page.getByText(/^\d\d:\d\d:\d\d$/).first();
  await shown.waitFor();
  const hour = (await shown.innerText()).slice(0, 2);
  const ofServer = (await page.evaluate(
    '[0, -60_000].map((ms) => new Date(Date.now() - 5 * 3_600_000 + ms).getHours())',
  )) as number[];
  expect(ofServer).toContain(Number(hour));
  await page.close();
  await inspector.close();
});
