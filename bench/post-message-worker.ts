/**
 * The other thread of every comparison with postMessage: takes in a stream of messages and answers
 * with their mean, or answers each message, or says when a message came.
 */
import { parentPort, workerData } from 'node:worker_threads';
import type { PostMessageOrder, Report } from './peers/post-message.ts';

if (parentPort === null) throw new Error('post-message-worker.js is started as a worker thread');
const port = parentPort;
const { kind, expect } = workerData as PostMessageOrder;

let sum = 0;
let seen = 0;

function add(x: number): void {
  sum += x;
  if (++seen < expect) return;
  port.postMessage(sum / expect);
  sum = 0;
  seen = 0;
}

if (kind === 'number') port.on('message', add);
else if (kind === 'pair') port.on('message', (pair: { n: number }) => add(pair.n));
else if (kind === 'report') port.on('message', (report: Report) => add(report.load));
else if (kind === 'half') port.on('message', (x: number) => port.postMessage(x / 2));
else port.on('message', () => port.postMessage(Number(process.hrtime.bigint())));
