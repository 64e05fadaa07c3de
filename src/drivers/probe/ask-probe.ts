/**
 * Asks an instance one probe: by HTTP (2xx and 3xx are well), by opening its port, or by a command that
 * ends with 0. Each is bounded by the probe's timeout; whatever is no answer is not well.
 */
import { spawn } from 'node:child_process';
import { createConnection } from 'node:net';
import type { ProbeQuestion } from '../../actors/index.ts';
import { endGroup } from '../../agent/index.ts';
import type { Address } from '../address-book.ts';
import { askHttp } from '../http-question.ts';
import { after } from '../system-time.ts';

/** Of an answer to a probe: a status is enough, and what is longer than a page of text is a mistake. */
const BODY_BYTES_MAX = 65_536;

/** Whether it is well. Never rejects. */
export function askProbe({ spec }: ProbeQuestion, { port, instance }: Address): Promise<boolean> {
  if ('http' in spec) return isWellByHttp(spec.port ?? port, spec.http, spec.timeout);
  if ('tcp' in spec) return accepts(port, spec.timeout);
  if ('exec' in spec) return endsWell(spec.exec, spec.timeout, { port, instance });
  // Only an actor answers a ping.
  return Promise.resolve(false);
}

async function isWellByHttp(port: number, path: string, timeoutMs: number): Promise<boolean> {
  const answer = await askHttp({ port, path, timeoutMs, bytesMax: BODY_BYTES_MAX });
  return answer !== null && answer.status >= 200 && answer.status < 400;
}

/** Whether somebody takes a connection. */
export function accepts(port: number, timeoutMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ port, host: '127.0.0.1' });
    const end = (isWell: boolean): void => {
      socket.destroy();
      resolve(isWell);
    };
    socket.setTimeout(timeoutMs, () => end(false));
    socket.once('connect', () => end(true));
    socket.once('error', () => end(false));
  });
}

function endsWell(
  [command = '', ...args]: readonly string[],
  timeout: number,
  { port, instance }: Pick<Address, 'port' | 'instance'>,
): Promise<boolean> {
  return new Promise((resolve) => {
    const env = { ...process.env, PORT: String(port), RINGMASTER_INSTANCE: instance };
    const child = spawn(command, args, { env, stdio: 'ignore', detached: true });
    // With all that it has started.
    const end = (isWell: boolean): void => {
      cancel();
      if (child.pid !== undefined) endGroup(child.pid);
      resolve(isWell);
    };
    const cancel = after(timeout, () => end(false));
    child.once('error', () => end(false));
    child.once('exit', (code) => end(code === 0));
  });
}
