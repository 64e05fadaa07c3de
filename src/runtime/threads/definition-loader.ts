/**
 * Finds an actor's definition on this thread: if it is not registered yet, imports the module that
 * it names and waits for the registration, not for the import, which may never end (an
 * application's main file that awaits `start`).
 */
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { type AnyDefinition, onRegistered, registered } from '../actor/definition.ts';
import { runtimeError } from '../errors.ts';
import { CallbackTimer, type TimerWheel } from '../timers/timer-wheel.ts';

/** Milliseconds until a module that registers nothing counts as one that will not. */
const LOAD_MS_MAX = 10_000;
/** Node strips types from this version on without a flag. */
const STRIPS_TYPES_FROM: readonly [number, number] = [22, 18];

/** What is read of tsx's package.json: a path that only `import` would resolve. */
type TsxManifest = {
  readonly exports: { readonly './esm/api': { readonly import: { readonly default: string } } };
};

/** Thread rule: one thread's. */
export class DefinitionLoader {
  private readonly timers: TimerWheel;
  private readonly now: () => number;
  private readonly loading = new Map<string, Promise<AnyDefinition>>();
  private hasTsx = false;

  constructor(timers: TimerWheel, now: () => number) {
    this.timers = timers;
    this.now = now;
  }

  /** @throws (rejects) RM_DEFINITION_NOT_FOUND with URL, name, reason and cure */
  load(url: string, name: string): AnyDefinition | Promise<AnyDefinition> {
    const found = registered(url, name);
    if (found !== undefined) return found;
    const key = `${url}#${name}`;
    const before = this.loading.get(key);
    if (before !== undefined) return before;
    const loading = this.find(url, name).finally(() => this.loading.delete(key));
    this.loading.set(key, loading);
    return loading;
  }

  private find(url: string, name: string): Promise<AnyDefinition> {
    return new Promise((resolve, reject) => {
      const fail = (why: string, cause?: unknown): void => {
        unlisten();
        this.timers.cancel(timer);
        reject(notFound(url, name, why, cause));
      };
      const timer = new CallbackTimer(() => fail(`its import did not end in ${LOAD_MS_MAX} ms`));
      const unlisten = onRegistered(url, name, (definition) => {
        this.timers.cancel(timer);
        resolve(definition);
      });
      this.timers.start(timer, this.now() + LOAD_MS_MAX);
      this.importModule(url).then(
        () => {
          if (registered(url, name) === undefined) fail(`the module defines no actor "${name}"`);
        },
        (error: unknown) => fail(error instanceof Error ? error.message : String(error), error),
      );
    });
  }

  private async importModule(url: string): Promise<void> {
    if (/\.[cm]?tsx?$/.test(url) && !stripsTypes()) await this.registerTsx(url);
    await import(url);
  }

  /** From where the definition is: the application's own tsx. */
  private async registerTsx(url: string): Promise<void> {
    if (this.hasTsx) return;
    const manifestPath = createRequire(url).resolve('tsx/package.json');
    const manifest = JSON.parse(await readFile(manifestPath, 'utf8')) as TsxManifest;
    const entry = new URL(
      manifest.exports['./esm/api'].import.default,
      pathToFileURL(manifestPath),
    );
    const tsx = (await import(entry.href)) as { register(): unknown };
    tsx.register();
    this.hasTsx = true;
  }
}

function stripsTypes(): boolean {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const [fromMajor, fromMinor] = STRIPS_TYPES_FROM;
  return major > fromMajor || (major === fromMajor && minor >= fromMinor);
}

function notFound(url: string, name: string, why: string, cause: unknown): Error {
  const cure =
    'call actor(import.meta.url, …) at the top level of that module and export what it returns; ' +
    'for .ts on Node below 22.18 install tsx or compile first';
  const message = `a thread cannot load actor "${name}" from ${url}: ${why}; ${cure}.`;
  return runtimeError('RM_DEFINITION_NOT_FOUND', message, { url, name }, cause);
}
