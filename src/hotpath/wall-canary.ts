/**
 * A canary for the compiler's wall: no Node type may reach this layer through a declaration that
 * it imports. The day one does, the expected error is missing and the build fails here.
 */

// @ts-expect-error Node's types do not exist in the hot path.
export type Wall = typeof Buffer;
