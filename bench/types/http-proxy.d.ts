/** The part of npm `http-proxy` 1.18 that the benches use; it ships no types. */
declare module 'http-proxy' {
  import type { Agent, IncomingMessage, ServerResponse } from 'node:http';

  type Proxy = {
    web(request: IncomingMessage, response: ServerResponse): void;
    on(event: 'error', listener: (error: Error) => void): void;
  };
  type Options = {
    readonly target: { readonly host: string; readonly port: number };
    readonly agent: Agent;
    readonly xfwd: boolean;
  };
  const library: { createProxyServer(options: Options): Proxy };
  export = library;
}
