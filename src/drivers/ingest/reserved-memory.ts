/**
 * How the memory of requests reaches other threads: payloads of messages are copies, so what is shared is
 * left with the process before its threads start, and each thread finds it by its name. The one file that
 * knows how Node does that. Memory that was reserved is there for threads that replace lost ones, too.
 */
import { getEnvironmentData, setEnvironmentData } from 'node:worker_threads';
import type { RequestMemoryHandle } from '../../hotpath/index.ts';
import { driverError } from '../errors.ts';

let reserved = 0;

/** Before the system is started that has the threads. @returns its name. Thread rule: the main thread. */
export function reserveMemory(handle: RequestMemoryHandle): string {
  const name = `ringmaster.requests.${++reserved}`;
  setEnvironmentData(name, handle as never);
  return name;
}

/** Threads that start from now on do not find it. */
export function releaseMemory(name: string): void {
  setEnvironmentData(name);
}

/** @throws RM_HOST_OPTION on a thread that was started before the memory was reserved */
export function reservedMemory(name: string): RequestMemoryHandle {
  const handle = getEnvironmentData(name) as unknown as RequestMemoryHandle | undefined;
  if (handle !== undefined) return handle;
  const message = `this thread has no ${name}; reserve it before the system is started.`;
  throw driverError('RM_HOST_OPTION', message);
}
