/** What the agent refuses or fails at. It stands apart from the other layers, so it has its own. */

/** Codes are stable; tests and callers compare by them. */
export type AgentErrorCode =
  | 'RM_AGENT_BUSY'
  | 'RM_AGENT_CHILD'
  | 'RM_AGENT_FENCED'
  | 'RM_AGENT_GONE'
  | 'RM_AGENT_MESSAGE'
  | 'RM_AGENT_OPTION'
  | 'RM_AGENT_RUNNING'
  | 'RM_AGENT_STATE'
  | 'RM_AGENT_TIMEOUT';

/** Says what was got, what was expected and what to do; `data` has the figures. */
export class AgentError extends Error {
  readonly code: AgentErrorCode;
  readonly data: Readonly<Record<string, unknown>>;

  constructor(code: AgentErrorCode, message: string, data: Readonly<Record<string, unknown>> = {}) {
    super(`${code}: ${message}`);
    this.name = 'AgentError';
    this.code = code;
    this.data = data;
  }
}

/** An error with its cause. */
export function agentError(
  code: AgentErrorCode,
  message: string,
  data: Readonly<Record<string, unknown>> = {},
  cause?: unknown,
): AgentError {
  const error = new AgentError(code, message, data);
  if (cause !== undefined) error.cause = cause;
  return error;
}
