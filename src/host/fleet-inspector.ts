/**
 * The inspector of a fleet's host: shows the actors of its brain and the fleet itself to whoever has a
 * token. Opened when the host leads, so by whoever leads next, too; a port that is taken keeps nobody from
 * leading. Loaded only where it is wanted.
 */
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { type FleetHost, type HostMethods, openPort, type Params } from '../drivers/index.ts';
import type { Inspector } from '../inspector/index.ts';
import type { InspectFile } from './inspect-file.ts';

/** Where it can be called; `Inspector.where` of the host's local socket. */
export type InspectorPlace =
  | {
      readonly isOpen: true;
      /** Of the page, and of the socket. */
      readonly page: string;
      readonly socket: string;
      /** Files with the tokens of the roles. */
      readonly tokens: {
        readonly viewer: string;
        readonly operator: string;
        readonly admin: string;
      };
    }
  /** `why`: it is not wanted, its port is taken, or it could not be opened. */
  | { readonly isOpen: false; readonly isWanted: boolean; readonly why: string };

/** What it is made of. */
export type FleetInspectorParts = {
  readonly host: FleetHost;
  readonly methods: HostMethods['methods'];
  /** The fleet's. */
  readonly directory: string;
  /** 0: any. */
  readonly port: number;
  /** Of `--inspect-config`. */
  readonly file: InspectFile;
  /** Told what a person should know. */
  readonly trouble: (what: string) => void;
};

/** Methods of the host that are asked through the inspector; files of this machine are nobody's business. */
const NOT_ASKED: ReadonlySet<string> = new Set(['Fleet.apply', 'System.hello']);

/** Thread rule: the main thread. */
export class FleetInspector {
  private readonly parts: FleetInspectorParts;
  private inspector: Inspector | null = null;
  private why: string = 'it is being opened';
  private tryNoMore: () => void = () => undefined;
  private isClosed = false;

  constructor(parts: FleetInspectorParts) {
    this.parts = parts;
  }

  /** At once, or when its port is free. @throws (rejects) RM_INSPECT_* */
  async open(): Promise<void> {
    const { port, trouble } = this.parts;
    this.tryNoMore = await openPort(
      () => this.begin(),
      (why) => {
        this.why = why;
        trouble(`--inspect ${port}: ${why}`);
      },
    );
  }

  /** It could not be opened, and will not be. */
  failed({ message }: Error): void {
    this.why = message;
    this.parts.trouble(`--inspect ${this.parts.port}: ${message}`);
  }

  where(): InspectorPlace {
    const { inspector } = this;
    if (inspector === null) return { isOpen: false, isWanted: true, why: this.why };
    const { url } = inspector;
    return {
      isOpen: true,
      page: url.replace(/^ws/, 'http').replace(/inspect$/, ''),
      socket: url,
      tokens: {
        viewer: inspector.tokenFile('viewer'),
        operator: inspector.tokenFile('operator'),
        admin: inspector.tokenFile('admin'),
      },
    };
  }

  async close(): Promise<void> {
    this.isClosed = true;
    this.tryNoMore();
    await this.inspector?.close();
  }

  private async begin(): Promise<void> {
    const { host, methods, directory, port, file, trouble } = this.parts;
    // Before a thread is started for it: what is taken is tried each second.
    await mustBeFree(port, file.host);
    const { inspect } = await import('../inspector/index.ts');
    const inspector = await inspect(host.system, {
      ...file,
      directory: join(directory, 'inspector'),
      port,
      fleet: { ask: (method, params) => asked(methods, method, params) },
      onTrouble: (message) => trouble(`inspector: ${message}`),
    });
    // The host has ended meanwhile.
    if (this.isClosed) await inspector.close();
    else this.inspector = inspector;
  }
}

/** @throws (rejects) with EADDRINUSE in its message */
async function mustBeFree(port: number, host = '127.0.0.1'): Promise<void> {
  const server = createServer().listen(port, host);
  await once(server, 'listening');
  await new Promise((resolve) => server.close(resolve));
}

function asked(methods: HostMethods['methods'], method: string, params: Params): Promise<unknown> {
  const found = Object.hasOwn(methods, method) && !NOT_ASKED.has(method) ? methods[method] : null;
  if (found) return found(params);
  return Promise.reject(new Error(`${method} is no method that the inspector may ask.`));
}
