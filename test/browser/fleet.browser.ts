/** The page on fleets: canaries promoted and aborted by click; the demo's bad canary, aborted by itself. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { CommandRig, webService } from '../cli/command-rig.ts';
import { BrowserRig, overflow, type PageAddress, picture, seriousFindings } from './rig.ts';

const COMMAND = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const rig = new BrowserRig();
beforeAll(() => rig.open());
afterAll(() => rig.close());

const web = (version: string) => ({
  web: webService({
    version,
    rollout: {
      strategy: 'canary',
      steps: [{ weight: 50 }, { pause: 'manual' }],
      comparison: { enabled: false },
    },
  }),
});

/** Presses a button of a service, with a reason. */
async function press(page: Page, name: string): Promise<void> {
  await page.getByLabel('Reason').fill('the browser test wants it');
  await page.getByRole('button', { name, exact: true }).click();
  await page.getByRole('status').filter({ hasText: 'Done.' }).waitFor();
}

test('fleet - a canary is promoted, and the next one aborted, by click and with a reason', async () => {
  const fleet = new CommandRig();
  try {
    fleet.write(web('v1'));
    const up = await fleet.run('up', '-d', '-f', 'fleet.yaml', '--inspect', '0');
    expect(up.code).toBe(0);
    await fleet.run('status', '--for', 'healthy', '--timeout', '60s');
    const url = /http:\/\/\S+\//.exec(up.out)?.[0] ?? '';
    const tokenFile = join(fleet.folder, '.ringmaster/inspector/operator.token');
    const page = await rig.enter({ url, tokenFile });
    await page.getByRole('link', { name: 'Services' }).first().click();
    await page.getByRole('link', { name: 'web' }).first().click();
    await page.getByRole('heading', { name: 'web', exact: true }).waitFor();
    expect(await page.getByRole('button', { name: 'Promote', exact: true }).count()).toBe(0);

    fleet.write(web('v2'));
    await fleet.run('apply', '-f', 'fleet.yaml');
    await page.getByText('paused').first().waitFor();
    await picture(page, 'fleet-paused');
    await page.goto(`${url}#/overview`);
    await page.getByRole('link', { name: 'web: its rollout is paused' }).click();
    await press(page, 'Promote');
    await page.locator('.state.healthy').waitFor();
    expect((await fleet.run('get', 'web', '-o', 'json')).out).toMatch(/"version": "v2"/);

    fleet.write(web('v3'));
    await fleet.run('apply', '-f', 'fleet.yaml');
    await page.getByText('paused').first().waitFor();
    await press(page, 'Abort');
    await page.locator('.state.aborted').waitFor();
    await picture(page, 'fleet-aborted');
    expect(await seriousFindings(page)).toEqual([]);

    await page.goto(`${url}#/decisions`);
    await page.getByText('abort').first().waitFor();
    await page.close();
    // A viewer sees the same, and is offered nothing.
    const viewer = await rig.enter({ url, tokenFile: tokenFile.replace('operator', 'viewer') });
    await viewer.goto(`${url}#/service/web`);
    await viewer.locator('.state.aborted').waitFor();
    expect(await viewer.getByLabel('Reason').count()).toBe(0);
    await viewer.close();
  } finally {
    await fleet.end();
  }
});

/** What each view says first, and what is kept from nobody. */
async function newViews(page: Page, url: string): Promise<void> {
  const views = [
    ['healing', 'What the healer decided'],
    ['regions', 'The fleet has one region: it needs no leave of others.'],
    ['ring/receiver', 'What moved'],
  ] as const;
  for (const [view, said] of views) {
    await page.goto(`${url}#/${view}`);
    await page.getByText(said).first().waitFor();
    expect([view, await seriousFindings(page), await overflow(page)]).toEqual([view, [], 0]);
    await picture(page, `demo-${view.replace('/', '-')}`);
  }
  await page.getByText(/× the mean; up to 1.10 × is borne/).waitFor();
  await page.keyboard.press('g');
  await page.keyboard.press('l');
  await page.getByRole('heading', { name: 'Healing', exact: true }).waitFor();
  await page.keyboard.press('g');
  await page.keyboard.press('n');
  await page.getByRole('heading', { name: /leads/ }).waitFor();
}

test('fleet - the bad canary of the demo is aborted before the eyes of whoever watches', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'ringmaster-browser-demo-'));
  const directory = join(folder, 'fleet');
  const demo = spawn(process.execPath, [COMMAND, 'demo', '--once', '-C', directory]);
  const ended = new Promise<number | null>((resolve) => demo.once('close', resolve));
  try {
    const address = await new Promise<PageAddress>((resolve, reject) => {
      let out = '';
      demo.stdout.on('data', (piece) => {
        out += piece;
        const found = /watch it at (\S+) with the token in (\S+)/.exec(out);
        if (found !== null) resolve({ url: found[1] as string, tokenFile: found[2] as string });
      });
      void ended.then((code) => reject(new Error(`the demo ended with ${code}: ${out}`)));
    });
    const page = await rig.enter(address);
    await page.goto(`${address.url}#/decisions`);
    const why = /v2-bad was aborted, error_ratio is [\d.]+; expected at most 0.05: back to v1/;
    await page.getByText(why).first().waitFor({ timeout: 90_000 });
    await picture(page, 'demo-decisions');
    await page.goto(`${address.url}#/overview`);
    await page.getByRole('heading', { name: 'Services' }).waitFor();
    await picture(page, 'demo-overview');
    await newViews(page, address.url);
    await page.close();
  } finally {
    demo.kill('SIGTERM');
    await ended;
    rmSync(folder, { recursive: true, force: true });
  }
});
