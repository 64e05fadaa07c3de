import type { StoreTransaction } from 'ringmaster/store';
import type { seededRandom } from 'ringmaster/testkit';

export declare function drawTransaction(
  random: ReturnType<typeof seededRandom>,
  seen: Map<string, number>,
): StoreTransaction;
