/**
 * What a model may ask of an inspector: each method of the protocol that only looks is a tool, with the
 * protocol's own words and schema. What changes anything is none, whatever the token may do. Pure.
 */
import { describeProtocol } from '../../inspector/index.ts';

/** One tool, as the Model Context Protocol names its parts. */
export type Tool = {
  readonly name: string;
  readonly description: string;
  readonly inputSchema: { readonly type: 'object' } & Readonly<Record<string, unknown>>;
  readonly annotations: { readonly readOnlyHint: true; readonly openWorldHint: false };
};

/** Of the connection itself; what they tell comes later, and a tool answers once. */
const NOT_TOOLS = /^(System\.hello|Topics\.|Trace\.)/;

/** A tool's name has no dots in most clients. */
const toolName = (method: string): string => method.replaceAll('.', '_');

/** Of the methods that the connection may call. */
export function toolsOf(methods: readonly string[]): readonly Tool[] {
  const said = describeProtocol().methods;
  return methods.flatMap((method) => {
    const about = said[method];
    if (about === undefined || about.role !== 'viewer' || NOT_TOOLS.test(method)) return [];
    const inputSchema = { ...about.params, type: 'object' as const };
    const annotations = { readOnlyHint: true, openWorldHint: false } as const;
    return [{ name: toolName(method), description: about.about, inputSchema, annotations }];
  });
}

/** The method of a tool; null: there is no such tool. */
export function methodOf(methods: readonly string[], tool: string): string | null {
  if (!toolsOf(methods).some(({ name }) => name === tool)) return null;
  return methods.find((method) => toolName(method) === tool) ?? null;
}
