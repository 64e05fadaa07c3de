/** A browser, and pages of the inspector in it: signed in, watched for errors and requests to elsewhere. */
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { expect } from 'vitest';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
/** Kept for whoever looks at a run. */
const PICTURES = fileURLToPath(new URL('../../build/screenshots/', import.meta.url));
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

/** Where a page is, and the file of a token for it. */
export type PageAddress = { readonly url: string; readonly tokenFile: string };

/** What axe says of a page, as far as it is used. */
type Violation = {
  readonly id: string;
  readonly impact: string;
  readonly nodes: { html: string }[];
};

export class BrowserRig {
  private browser: Browser | null = null;
  /** Errors on consoles, of pages, and requests that left the server. */
  readonly troubles: string[] = [];

  async open(): Promise<void> {
    const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';
    this.browser = await chromium.launch({ executablePath, args: FLAGS });
    mkdirSync(PICTURES, { recursive: true });
  }

  /** What was to be expected: a browser says of each connection that is refused that it was. */
  forgive(expected: RegExp): void {
    const left = this.troubles.filter((text) => !expected.test(text));
    this.troubles.splice(0, this.troubles.length, ...left);
  }

  async close(): Promise<void> {
    await this.browser?.close();
    expect(this.troubles).toEqual([]);
  }

  /** A page before anybody has signed in. */
  async visit(url: string, options: BrowserContextOptions = {}): Promise<Page> {
    if (this.browser === null) throw new Error('open() comes first');
    const context = await this.browser.newContext({
      viewport: { width: 1280, height: 900 },
      ...options,
    });
    const page = await context.newPage();
    page.on('console', (message) => {
      // A token that is wrong is an answer with 401, which a browser logs by itself.
      if (message.type() !== 'error' || message.text().includes('401')) return;
      this.troubles.push(`console: ${message.text()}`);
    });
    page.on('pageerror', ({ message }) => this.troubles.push(`page: ${message}`));
    page.on('request', (request) => {
      const { protocol, host } = new URL(request.url());
      const isOwn = host === new URL(url).host || protocol === 'data:' || protocol === 'blob:';
      if (!isOwn) this.troubles.push(`a request to elsewhere: ${request.url()}`);
    });
    await page.goto(url);
    return page;
  }

  /** A page, signed in. */
  async enter({ url, tokenFile }: PageAddress, options: BrowserContextOptions = {}): Promise<Page> {
    const page = await this.visit(url, options);
    await page.getByLabel('Token').fill(readFileSync(tokenFile, 'utf8').trim());
    await page.getByRole('button', { name: 'Open the inspector' }).click();
    // Greeted: from now on the tab keeps the token over a reload.
    await page.locator('.link.open').waitFor();
    return page;
  }
}

/** For whoever looks at a run afterwards. */
export async function picture(page: Page, name: string): Promise<void> {
  await page.screenshot({ path: `${PICTURES}${name}.png` });
}

/** What keeps people with assistive technology out: nothing that is serious. */
export async function seriousFindings(page: Page): Promise<readonly string[]> {
  // By the debugger, which the page's policy does not bind.
  await page.evaluate(AXE);
  const violations = (await page.evaluate(
    '(async () => (await axe.run()).violations)()',
  )) as Violation[];
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`);
}

/** How far a page is wider than its window. */
export async function overflow(page: Page): Promise<number> {
  return (await page.evaluate('document.documentElement.scrollWidth - innerWidth')) as number;
}
