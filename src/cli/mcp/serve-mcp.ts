/**
 * A server of the Model Context Protocol on standard input and output, over an inspector. The only file that
 * knows the protocol's SDK, which is not installed with Ringmaster: it brings a web server with it.
 */
import { readFile } from 'node:fs/promises';
import type { MethodName } from '../../inspector/index.ts';
import { CommandError, EXIT } from '../exit-codes.ts';
import type { InspectorClient } from '../inspector-client.ts';
import { methodOf, toolsOf } from './tools.ts';

/** From where this file lies when it is built. */
const PACKAGE_FILE = new URL('../../../package.json', import.meta.url);
const PACKAGE = '@modelcontextprotocol/sdk';

/** Until the client hangs up. @throws (rejects) CommandError: there is no SDK, or the inspector hangs up */
export async function serveMcp(inspector: InspectorClient): Promise<void> {
  const { Server, StdioServerTransport, types } = await sdk();
  const { version } = JSON.parse(await readFile(PACKAGE_FILE, 'utf8')) as { version: string };
  const methods = inspector.hello?.methods ?? [];
  const server = new Server({ name: 'ringmaster', version }, { capabilities: { tools: {} } });
  server.setRequestHandler(types.ListToolsRequestSchema, () => ({ tools: [...toolsOf(methods)] }));
  server.setRequestHandler(types.CallToolRequestSchema, async ({ params }) => {
    const method = methodOf(methods, params.name);
    if (method === null) return failed(`there is no tool ${params.name}`);
    try {
      const result = await inspector.ask(method as MethodName, params.arguments ?? {});
      return { content: [{ type: 'text' as const, text: JSON.stringify(result) }] };
    } catch (error) {
      return failed((error as Error).message);
    }
  });
  const transport = new StdioServerTransport();
  const over = new Promise<void>((resolve) => {
    server.onclose = () => resolve();
    // The transport does not tell the end of its input.
    process.stdin.once('end', () => resolve());
  });
  await server.connect(transport);
  const hungUp = inspector.closed.then(() => {
    throw inspector.ended();
  });
  try {
    await Promise.race([over, hungUp]);
  } finally {
    inspector.close();
    await server.close();
  }
}

function failed(text: string) {
  return { isError: true, content: [{ type: 'text' as const, text }] };
}

async function sdk() {
  try {
    const [{ Server }, { StdioServerTransport }, types] = await Promise.all([
      import('@modelcontextprotocol/sdk/server/index.js'),
      import('@modelcontextprotocol/sdk/server/stdio.js'),
      import('@modelcontextprotocol/sdk/types.js'),
    ]);
    return { Server, StdioServerTransport, types };
  } catch (cause) {
    if ((cause as { readonly code?: string }).code !== 'ERR_MODULE_NOT_FOUND') throw cause;
    const message = `--mcp needs ${PACKAGE}; install it beside ringmaster: npm install ${PACKAGE}`;
    throw new CommandError(EXIT.usage, message);
  }
}
