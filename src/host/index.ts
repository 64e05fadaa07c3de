/** The host process's door for tools: what it says of itself. The process is started by its path. */
export type { InspectorPlace } from './fleet-inspector.ts';
export { readInspectFile } from './inspect-file.ts';
