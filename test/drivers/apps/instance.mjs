/**
 * An instance that does what its variables say: EXIT (a code, at once), IGNORE_TERM, DRAIN_AFTER (answers
 * 425 so often), SWELL (bytes that it takes), FLOOD (bytes of output), LOAD (a file that says how much it
 * has to do), POISON (a path that ends it), FORK (leaves a process of this name behind), ELSEWHERE
 * (another port).
 */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';

const { env } = process;
if (env.EXIT) process.exit(Number(env.EXIT));
if (env.IGNORE_TERM) process.on('SIGTERM', () => undefined);
const kept = [];
let asked = 0;
const server = createServer((request, response) => {
  if (request.url === '/drain') {
    asked += 1;
    response.writeHead(asked > Number(env.DRAIN_AFTER ?? 0) ? 200 : 425).end();
    return;
  }
  if (request.url === '/swell') kept.push(Buffer.alloc(Number(env.SWELL), 1));
  if (request.url === '/endless') {
    response.writeHead(200);
    const piece = Buffer.alloc(65_536);
    const more = () => {
      while (response.write(piece)) if (response.destroyed) return;
    };
    response.on('drain', more);
    more();
    return;
  }
  if (request.url === '/hang') return;
  if (env.POISON && request.url === env.POISON) process.exit(7);
  if (request.url === '/metrics') {
    response.end(`# TYPE load gauge\nload{part="1"} ${readFileSync(env.LOAD, 'utf8')}\n`);
    return;
  }
  response.writeHead(request.url === '/bad' ? 500 : request.url === '/moved' ? 302 : 200);
  response.end(
    JSON.stringify(
      Object.fromEntries(
        Object.entries(env).filter(([name]) => name.startsWith('RINGMASTER_') || name === 'SECRET'),
      ),
    ),
  );
});
if (env.FORK) {
  const stay = "require('node:net').createServer().listen(0)";
  const script = `/* ${env.FORK} */ process.on('SIGTERM', () => 0); ${stay}`;
  spawn(process.execPath, ['-e', script], { stdio: 'ignore' });
}
server.listen(Number(env.ELSEWHERE ?? env.PORT), '127.0.0.1');
if (env.FLOOD) process.stdout.write('x'.repeat(Number(env.FLOOD)));
