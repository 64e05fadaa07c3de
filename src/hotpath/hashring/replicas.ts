/**
 * The check of a replica count, the same for every builder.
 */
import { RingmasterError } from '../errors.ts';

/** @throws RM_TABLE_OPTION unless `replicas` is an integer from 1 to `max`. */
export function checkReplicas(replicas: number, max: number): void {
  if (Number.isInteger(replicas) && replicas >= 1 && replicas <= max) return;
  throw new RingmasterError(
    'RM_TABLE_OPTION',
    `got replicas ${replicas}, expected an integer from 1 to ${max}; ` +
      'a ring cannot hold more copies than it has members to hold them.',
    { replicas, replicasMax: max },
  );
}
