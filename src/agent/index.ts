/** The agent's door: to run one, and to talk to one. */
export { type Agent, type AgentOptions, startAgent } from './agent.ts';
export { BRAIN_CONFIG_DEFAULT, type BrainConfig } from './brain.config.ts';
export { SOCKET_VARIABLE } from './brain.ts';
export { AgentClient, type AgentStatus, type ClientOptions, connectAgent } from './client.ts';
export { AgentError, type AgentErrorCode } from './errors.ts';
export { folderMark } from './folder-mark.ts';
export { isThere, lastChildren, noteDismissed } from './last-children.ts';
export {
  endGroup,
  identityOf as processIdentity,
  isAlive as isProcess,
  pids,
  signalGroup,
} from './processes.ts';
export {
  type BrainReport,
  type ChildExit,
  type ChildReport,
  type ChildSpec,
  LINE_BYTES_MAX,
  LineReader,
  lineOf,
} from './protocol.ts';
export { makeFolder } from './replaced-file.ts';
