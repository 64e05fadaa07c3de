/** The page on 100,000 actors: signed in, searched, by keyboard alone, in each colour, on a narrow screen. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Ref, type System, start } from 'ringmaster';
import { type Inspector, inspect } from 'ringmaster/inspector';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Keeper } from '../inspector/programs/keeper.mjs';
import { BrowserRig, overflow, type PageAddress, picture, seriousFindings } from './rig.ts';

const ACTORS = 100_000;
const VIEWS = ['overview', 'actors', 'tree', 'threads', 'events', 'dead', 'healing', 'metrics'];
const rig = new BrowserRig();
let directory = '';
let system: System;
let inspector: Inspector;
let address: PageAddress;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'ringmaster-browser-'));
  system = await start({ threads: 1 });
  for (let first = 0; first < ACTORS; first += 1000) {
    const placement = { thread: 1 } as const;
    await Promise.all(
      Array.from({ length: 1000 }, (_, i) =>
        system.spawn(Keeper, { id: `hay/${first + i}`, placement }),
      ),
    );
  }
  inspector = await inspect(system, { directory });
  const url = `http://localhost:${inspector.port}/`;
  address = { url, tokenFile: inspector.tokenFile('admin') };
  await rig.open();
});
afterAll(async () => {
  await rig.close();
  await inspector.close();
  await system.close();
  rmSync(directory, { recursive: true });
});

/** An actor that can be told something. */
const keeper = async (id: string) =>
  (await system.spawn(Keeper, { id, placement: { thread: 1 } })) as unknown as Ref<{
    keep: (text: string) => void;
    crash: (text: string) => void;
  }>;

describe('page', () => {
  test('page - a wrong token is said so, the right one shows the verdict', async () => {
    const page = await rig.visit(address.url);
    await page.getByLabel('Token').fill('0'.repeat(64));
    await page.getByRole('button', { name: 'Open the inspector' }).click();
    await page.locator('#token-note.bad').waitFor();
    expect(await seriousFindings(page)).toEqual([]);
    await page.close();
    const signedIn = await rig.enter(address);
    await signedIn.getByRole('heading', { name: 'HEALTHY' }).waitFor();
    await signedIn
      .getByText(/^100,\d{3}$/)
      .first()
      .waitFor();
    // A reload asks for nothing again; the token is in no address.
    await signedIn.reload();
    await signedIn.getByRole('heading', { name: 'HEALTHY' }).waitFor();
    expect(signedIn.url()).not.toMatch(/[0-9a-f]{64}/);
    await picture(signedIn, 'overview');
    await signedIn.close();
  });

  test('page - one of 100,000 actors is found, by keyboard alone', async () => {
    await keeper('needle/in-the-hay');
    const page = await rig.enter(address);
    await page.getByRole('heading', { name: 'HEALTHY' }).waitFor();
    await page.keyboard.press('g');
    await page.keyboard.press('a');
    await page.getByText(`${(ACTORS + 1).toLocaleString('en')} of`).waitFor();
    await page.keyboard.press('/');
    await page.keyboard.type('needle');
    await page.getByText('1 of').waitFor();
    await picture(page, 'search');
    // From the filter to the table, and into its only row.
    const grid = page.getByRole('grid', { name: 'Actors' });
    for (let tabs = 0; tabs < 20; tabs++) {
      await page.keyboard.press('Tab');
      if (await grid.evaluate((element) => element === element.ownerDocument.activeElement)) break;
    }
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: '/user/needle/in-the-hay' }).waitFor();
    // Where somebody is can be sent to somebody else.
    expect(decodeURIComponent(page.url())).toContain('/user/needle/in-the-hay');
    await page.close();
  });

  test('page - an actor that is killed is seen again, with the cause of its end', async () => {
    const ref = await keeper('victim');
    const page = await rig.enter(address);
    await page.goto(`${address.url}#/actor/${encodeURIComponent('/user/victim')}`);
    await page.getByRole('heading', { name: '/user/victim' }).waitFor();
    await page.getByText('None is known.').waitFor();
    // It is measured since it is looked at.
    await page.getByRole('heading', { name: 'Times' }).waitFor();
    ref.tell('crash', '<img src=x onerror=alert(1)>');
    const cause = page.getByRole('list', { name: 'The error and its causes' });
    // What an actor throws is text, whatever it looks like.
    await cause.getByText('told <img src=x onerror=alert(1)>, kept').waitFor();
    expect(await page.locator('main img').count()).toBe(0);
    await page.getByText('since it was first started').waitFor();
    const times = page.getByRole('table').filter({ hasText: 'p99.9' });
    await times.getByRole('row', { name: 'in its mailbox' }).waitFor();
    expect(await times.getByRole('img').count()).toBe(2);
    await picture(page, 'crash');
    await page.getByLabel('Reason').fill('the browser test ends it');
    await page.getByRole('button', { name: 'End it' }).click();
    await page.getByText('There is no actor of this path now.').waitFor();
    expect(system.lookup('/user/victim')).toBeNull();
    await page.close();
  });

  test('page - a metric is found by keyboard, its series by a click, and asked of Prometheus', async () => {
    const page = await rig.enter(address);
    await page.keyboard.press('g');
    await page.keyboard.press('m');
    await page.getByRole('heading', { name: 'Metrics' }).waitFor();
    await page.keyboard.press('/');
    await page.keyboard.type('messages_handled');
    await page.getByText('1 of').waitFor();
    await page.getByRole('link', { name: 'ringmaster_messages_handled_total' }).click();
    await page.getByRole('heading', { name: 'ringmaster_messages_handled_total' }).waitFor();
    // A rate needs two looks.
    await page
      .getByRole('cell', { name: /\d\/s$/ })
      .first()
      .waitFor();
    await page.getByRole('link', { name: 'thread=1' }).click();
    const asked = page.getByRole('region', { name: 'As PromQL' });
    await asked.getByText('rate(ringmaster_messages_handled_total{thread="1"}[1m])').waitFor();
    expect(await page.getByRole('link', { name: /^thread=/ }).count()).toBe(1);
    expect(decodeURIComponent(page.url())).toContain('filter=thread=1');
    expect(await seriousFindings(page)).toEqual([]);
    await picture(page, 'metric');
    await page.close();
  });

  test.each(['light', 'dark'] as const)(
    'page - every view in %s has no serious finding',
    async (colorScheme) => {
      const page = await rig.enter(address, { colorScheme });
      for (const view of VIEWS) {
        await page.goto(`${address.url}#/${view}`);
        await page.locator(`main.view-${view}`).waitFor();
        expect([view, await seriousFindings(page)]).toEqual([view, []]);
        await picture(page, `${view}-${colorScheme}`);
      }
      await page.close();
    },
  );

  test('page - light and dark are other colours, and the switch outlives a reload', async () => {
    const background = (page: Awaited<ReturnType<typeof rig.enter>>): Promise<string> =>
      page.evaluate(
        'getComputedStyle(document.documentElement).backgroundColor',
      ) as Promise<string>;
    const [light, dark] = [
      await rig.enter(address, { colorScheme: 'light' }),
      await rig.enter(address, { colorScheme: 'dark' }),
    ];
    const [bright, dim] = [await background(light), await background(dark)];
    expect(bright).not.toBe(dim);
    // From the system's to light, and to dark.
    const toggle = light.getByRole('button', { name: /^Colours:/ });
    await toggle.click();
    await toggle.click();
    expect(await background(light)).toBe(dim);
    await light.reload();
    await light.getByRole('navigation', { name: 'Views' }).waitFor();
    expect(await background(light)).toBe(dim);
    await light.close();
    await dark.close();
  });

  test('page - on a narrow screen nothing is wider than it', async () => {
    const page = await rig.enter(address, { viewport: { width: 360, height: 740 } });
    for (const view of VIEWS) {
      await page.goto(`${address.url}#/${view}`);
      await page.locator(`main.view-${view}`).waitFor();
      expect([view, await overflow(page)]).toEqual([view, 0]);
    }
    await picture(page, 'narrow');
    await page.close();
  });
});

test('page - when the server is gone it says so, and goes on when it is back', async () => {
  const own = await start();
  const place = { directory: join(directory, 'again'), port: 0 };
  const first = await inspect(own, place);
  const url = `http://localhost:${first.port}/`;
  const page = await rig.enter({ url, tokenFile: first.tokenFile('viewer') });
  await page.getByRole('heading', { name: 'HEALTHY' }).waitFor();
  await first.close();
  await page.getByText('Not connected').or(page.getByText('Connecting')).first().waitFor();
  const second = await inspect(own, { ...place, port: first.port });
  await page.getByText('Live', { exact: true }).waitFor();
  await page.close();
  await second.close();
  await own.close();
  rig.forgive(/ERR_CONNECTION_REFUSED|ERR_CONNECTION_RESET|WebSocket/);
});
