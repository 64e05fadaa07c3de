import type { seededRandom } from 'ringmaster/testkit';
import type { StoreTransaction } from 'ringmaster/store';

export declare function drawTransaction(
  random: ReturnType<typeof seededRandom>,
  seen: Map<string, number>,
): StoreTransaction;
