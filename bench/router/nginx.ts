/**
 * Debian's nginx as a peer of B21: one worker, kept connections to one instance, no log. It decides and
 * measures nothing; it is how fast a proxy in C is. In the foreground, so that it ends with its process.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './free-port.ts';

/** For its first accepted connection, then it is said not to come up. */
const TRIES = 200;

/** Why it cannot run here; null: it can. */
export function noNginx(): string | null {
  return spawnSync('nginx', ['-v']).error === undefined ? null : 'nginx is not installed';
}

/** In front of the instance at `upstream`. */
export async function startNginx(upstream: number): Promise<{ child: ChildProcess; port: number }> {
  const directory = mkdtempSync(join(tmpdir(), 'rm-b21-nginx-'));
  const port = await freePort();
  const file = join(directory, 'nginx.conf');
  writeFileSync(file, configuration(directory, port, upstream));
  const child = spawn('nginx', ['-p', directory, '-c', file], { stdio: 'ignore' });
  child.once('exit', () => rmSync(directory, { recursive: true, force: true }));
  for (let i = 0; i < TRIES && child.exitCode === null; i++) {
    if (await answers(port)) return { child, port };
  }
  child.kill();
  throw new Error(`nginx does not listen at ${port}`);
}

function configuration(directory: string, port: number, upstream: number): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((name) => `${name}_temp_path ${directory}/${name};`)
    .join('\n  ');
  return `daemon off;
worker_processes 1;
pid ${directory}/nginx.pid;
error_log /dev/null;
events { worker_connections 1024; }
http {
  access_log off;
  keepalive_requests 1000000;
  ${temporary}
  upstream instance {
    server 127.0.0.1:${upstream};
    keepalive 128;
    keepalive_requests 1000000;
  }
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass http://instance;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
    }
  }
}
`;
}

async function answers(port: number): Promise<boolean> {
  const socket = createConnection(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    await new Promise((resolve) => setTimeout(resolve, 20));
    return false;
  } finally {
    socket.destroy();
  }
}
