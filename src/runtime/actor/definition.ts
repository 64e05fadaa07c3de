/**
 * What an actor is: a name, a `setup` and options, at an address (the URL of the module) from which
 * any thread can load it. Defining registers, so that a loader need only import the module.
 */

import type { Shape } from '../codec/index.ts';
import { runtimeError } from '../errors.ts';
import {
  type MailboxLimits,
  type MailboxOptions,
  mailboxLimits,
} from '../mailbox/mailbox-options.ts';
import { ambient } from '../ports/system-ambient.ts';
import type { Context } from './context.ts';
import type { Handlers, MessageName } from './handlers.ts';

/** What `actor` takes. */
export type ActorOptions<A, H extends Handlers> = {
  /** Unique in its module. */
  readonly name: string;
  /**
   * Begins an incarnation: makes its state and returns its handlers, at once or by a promise
   * (within the start deadline). Runs on the actor's thread, once per incarnation.
   */
  setup(args: A, ctx: Context): H | Promise<H>;
  /** Shapes of payloads that are known beforehand: several times faster between threads. */
  readonly messages?: { readonly [K in MessageName<H>]?: Shape };
  readonly mailbox?: MailboxOptions;
  /**
   * How often one message may crash its actor before it goes to the dead letters; 1 to 100. Default
   * 1: a message that crashed its actor is not tried again. An asker is rejected when the last try
   * has failed.
   */
  readonly attempts?: number;
};

/** An actor that can be spawned. A value: compare by identity, pass to `spawn`. */
export type ActorDefinition<A = unknown, H extends Handlers = Handlers> = {
  readonly url: string;
  readonly name: string;
  /** As `ActorOptions.setup`. */
  readonly setup: (args: A, ctx: Context) => H | Promise<H>;
  readonly shapes: Readonly<Record<string, Shape>>;
  readonly mailbox: MailboxLimits;
  readonly attempts: number;
};

/** A definition whose types are not known. */
export type AnyDefinition = ActorDefinition<never, Handlers>;

/** The arguments of a definition's `setup`. */
export type ArgumentsOf<D> = D extends ActorDefinition<infer A, Handlers> ? A : never;

const ATTEMPTS_MAX = 100;
const NO_SHAPES: Readonly<Record<string, Shape>> = Object.freeze(Object.create(null));

type Registry = {
  readonly definitions: Map<string, AnyDefinition>;
  readonly waiting: Map<string, (definition: AnyDefinition) => void>;
};

/** One per thread, also when two copies of this module are loaded. */
const registry = ambient<Registry>('definitions', () => ({
  definitions: new Map(),
  waiting: new Map(),
}));

/**
 * Defines an actor. Call it at the top level of a module, with `import.meta.url`, so that every
 * thread which imports the module finds the same definition.
 * @throws RM_DEFINITION_INVALID, RM_MAILBOX_OPTION
 */
export function actor<A, H extends Handlers>(
  url: string,
  options: ActorOptions<A, H>,
): ActorDefinition<A, H> {
  checkOptions(url, options);
  const definition: ActorDefinition<A, H> = {
    url: withoutQuery(url),
    name: options.name,
    setup: options.setup,
    shapes:
      options.messages === undefined
        ? NO_SHAPES
        : Object.assign(Object.create(null), options.messages),
    mailbox: mailboxLimits(options.mailbox),
    attempts: options.attempts ?? 1,
  };
  register(definition as unknown as AnyDefinition);
  return definition;
}

/** The definition that this thread has loaded under that address, if any. */
export function registered(url: string, name: string): AnyDefinition | undefined {
  return registry.definitions.get(keyOf(url, name));
}

/** Calls back when the definition is registered. @returns how to stop waiting. */
export function onRegistered(
  url: string,
  name: string,
  found: (definition: AnyDefinition) => void,
): () => void {
  const key = keyOf(url, name);
  registry.waiting.set(key, found);
  return () => registry.waiting.delete(key);
}

function register(definition: AnyDefinition): void {
  const key = keyOf(definition.url, definition.name);
  registry.definitions.set(key, definition);
  const found = registry.waiting.get(key);
  registry.waiting.delete(key);
  found?.(definition);
}

function keyOf(url: string, name: string): string {
  return `${withoutQuery(url)}#${name}`;
}

/**
 * Test runners and watchers add a query to tell versions apart; a worker imports the file itself.
 */
function withoutQuery(url: string): string {
  const at = url.search(/[?#]/);
  return at < 0 ? url : url.slice(0, at);
}

function checkOptions(
  url: unknown,
  options: { name: string; setup: unknown; attempts?: number },
): void {
  if (typeof url !== 'string' || !/^(file|https?|data|node):/.test(url)) {
    throw invalid(`url is ${String(url)}`, 'import.meta.url of the module that calls actor()');
  }
  if (typeof options?.name !== 'string' || !/^[\w$.-]{1,100}$/.test(options.name)) {
    throw invalid(
      `name is ${String(options?.name)}`,
      '1 to 100 letters, digits and any of _ $ . -',
    );
  }
  if (typeof options.setup !== 'function') {
    throw invalid(
      `setup of ${options.name} is ${typeof options.setup}`,
      'a function (args, ctx) → handlers',
    );
  }
  const attempts = options.attempts ?? 1;
  if (!Number.isInteger(attempts) || attempts < 1 || attempts > ATTEMPTS_MAX) {
    throw invalid(
      `attempts of ${options.name} is ${attempts}`,
      `an integer from 1 to ${ATTEMPTS_MAX}`,
    );
  }
}

function invalid(got: string, expected: string): Error {
  return runtimeError('RM_DEFINITION_INVALID', `${got}; expected ${expected}.`, { got });
}
