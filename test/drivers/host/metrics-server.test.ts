/** The server of a host's metrics, asked over HTTP: by readers of others, by wrong and by slow clients. */
import { once } from 'node:events';
import { connect } from 'node:net';
import parsePrometheus from 'parse-prometheus-text-format';
import { start } from 'ringmaster';
import { MetricsServer, metricFamilies } from 'ringmaster/drivers';
import { describe, expect, test } from 'vitest';

const PROCESS = { cpuSeconds: 1, residentBytes: 1, heapBytes: 1, upSeconds: 1 };

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
      const wanted = metricFamilies({ ...(await empty()), process: PROCESS });
      expect(answer.status).toBe(200);
      expect(read.map(({ name, type }) => [name, type])).toEqual(
        wanted.map(({ name, kind }) => [name, kind.toUpperCase()]),
      );
      const cpu = read.find(({ name }) => name === 'process_cpu_seconds_total');
      expect(Number(cpu?.metrics[0]?.value)).toBeGreaterThan(0);
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

async function empty() {
  const system = await start({ threads: 0 });
  const figures = {
    services: [],
    tallies: [],
    scrapes: [],
    requests: [],
    system: system.figures(),
    ingest: null,
  };
  await system.close();
  return figures;
}
