/** The server of a host's metrics, asked over HTTP: by readers of others, by wrong and by slow clients. */
import { once } from 'node:events';
import { connect } from 'node:net';
import parsePrometheus from 'parse-prometheus-text-format';
import { start } from 'ringmaster';
import { HOST_FAMILIES, MetricsServer } from 'ringmaster/drivers';
import { describe, expect, test } from 'vitest';

/** One that shows a host without a fleet. `asked` is called at each look at its figures. */
async function serving(
  use: (url: string, port: number) => Promise<void>,
  options: { readonly asked?: () => Promise<void>; readonly slowMs?: number } = {},
): Promise<void> {
  const system = await start({ threads: 0 });
  const figures = async () => {
    await options.asked?.();
    return {
      services: [],
      tallies: [],
      scrapes: [],
      requests: [],
      system: system.figures(),
      ingest: null,
    };
  };
  const server = new MetricsServer({ figures }, { slowMs: options.slowMs ?? 60_000 });
  const port = await server.listen(0);
  try {
    await use(`http://127.0.0.1:${port}/metrics`, port);
  } finally {
    server.close();
    await system.close();
  }
}

describe('metrics server', () => {
  test("metrics server - another project's parser reads each family with its kind", async () => {
    await serving(async (url) => {
      const answer = await fetch(`${url}?x=1`);
      const read = parsePrometheus(await answer.text());
      expect(answer.status).toBe(200);
      expect(read.map(({ name, type }) => [name, type])).toEqual(
        HOST_FAMILIES.map(({ name, kind }) => [name, kind.toUpperCase()]),
      );
      const cpu = read.find(({ name }) => name === 'process_cpu_seconds_total');
      expect(Number(cpu?.metrics[0]?.value)).toBeGreaterThan(0);
    });
  });

  test('metrics server - OpenMetrics is for whoever prefers it', async () => {
    const plain = /^text\/plain; version=0\.0\.4/;
    const open = /^application\/openmetrics-text; version=1\.0\.0/;
    const asked: readonly (readonly [string, RegExp])[] = [
      // Prometheus 2, Prometheus 3, a browser, curl; a weight of 0 is a no.
      [
        'application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.4,*/*;q=0.2',
        open,
      ],
      [
        'application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,' +
          'text/plain;version=1.0.0;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2',
        open,
      ],
      ['text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', plain],
      ['*/*', plain],
      ['application/openmetrics-text; q=0, text/plain', plain],
      ['application/openmetrics-text; version=2.0.0, text/plain;q=0.1', plain],
      ['Application/OpenMetrics-Text', open],
      [';;=,q=,application/openmetrics-text;q=nonsense', plain],
    ];
    await serving(async (url) => {
      for (const [accept, type] of asked) {
        const answer = await fetch(url, { headers: { accept } });
        expect(answer.headers.get('content-type'), accept).toMatch(type);
        expect((await answer.text()).endsWith('# EOF\n'), accept).toBe(type === open);
      }
    });
  });

  test('metrics server - other paths are 404, other methods 405, and HEAD has no body', async () => {
    await serving(async (url, port) => {
      expect((await fetch(`http://127.0.0.1:${port}/`)).status).toBe(404);
      expect((await fetch(`${url}/more`)).status).toBe(404);
      const posted = await fetch(url, { method: 'POST', body: 'x' });
      expect([posted.status, posted.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
      const head = await fetch(url, { method: 'HEAD' });
      expect([head.status, await head.text()]).toEqual([200, '']);
    });
  });

  test('metrics server - two who ask at once share a look; a failure is 503 and not kept', async () => {
    let looks = 0;
    const asked = async (): Promise<void> => {
      looks += 1;
      if (looks === 1) throw new Error('the arbiter is silent.');
    };
    await serving(
      async (url, port) => {
        const failed = await fetch(url);
        expect([failed.status, await failed.text()]).toEqual([503, 'the arbiter is silent.\n']);
        const socket = connect(port, '127.0.0.1').setEncoding('utf8');
        const get = 'GET /metrics HTTP/1.1\r\nHost: x\r\n';
        // In one piece: both are read before either is answered.
        socket.write(`${get}\r\n${get}Connection: close\r\n\r\n`);
        let text = '';
        for await (const piece of socket) text += piece;
        expect(text.match(/HTTP\/1\.1 200 OK/g)).toHaveLength(2);
        expect(looks).toBe(2);
      },
      { asked },
    );
  });

  test('metrics server - a client that stays silent holds nobody up, and is hung up on', async () => {
    await serving(
      async (url, port) => {
        const slow = connect(port, '127.0.0.1');
        await once(slow, 'connect');
        slow.write('GET /metrics HTTP/1.1\r\nHost:');
        const said: string[] = [];
        slow.setEncoding('utf8').on('data', (text: string) => said.push(text));
        expect((await fetch(url)).status).toBe(200);
        await once(slow, 'close');
        expect(said.join('')).toMatch(/^HTTP\/1\.1 408 /);
      },
      { slowMs: 100 },
    );
  });
});
