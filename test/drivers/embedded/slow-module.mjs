/** A module that is loaded when the test says so. */
import { actor } from 'ringmaster';

const loaded = new Promise((resolve) => {
  globalThis.endLateLoads = resolve;
});
globalThis.lateLoads = loaded;
await loaded;

export const Late = actor(import.meta.url, { name: 'Late', setup: () => ({ who: () => 'late' }) });
