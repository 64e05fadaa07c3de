/** A child of the fleet: runs until it is ended, or does what its first argument says. */
import { spawn } from 'node:child_process';
import { createServer } from 'node:net';

const [what = 'run', size = '0'] = process.argv.slice(2);
if (what === 'flood') {
  const line = 'x'.repeat(1023);
  for (let left = Number(size); left > 0; left -= 1024) process.stdout.write(`${line}\n`);
  process.stdout.write('the last line\n', () => process.exit(7));
} else if (what === 'fork') {
  const grandchild = spawn(process.execPath, [
    '-e',
    'require("node:net").createServer().listen(0)',
  ]);
  process.stdout.write(`grandchild ${grandchild.pid}\n`, () => process.exit(0));
} else if (what === 'pour') {
  process.on('SIGUSR2', () => process.stdout.write('x'.repeat(4096)));
  createServer().listen(0);
} else {
  process.stdout.write('running\n');
  createServer().listen(0);
}
