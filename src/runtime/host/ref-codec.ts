/**
 * How a ref travels: as its address and the address of its definition, which selects the codec of
 * its messages.
 */
import { BaseRef, LocalRef, RemoteRef } from '../actor/actor-ref.ts';
import type { RefCodec } from '../codec/index.ts';
import type { Host } from './host.ts';

/** For one thread's links. */
export function refCodec(host: Host): RefCodec {
  return {
    isRef: (value) => value instanceof BaseRef,
    write: (ref) => {
      const { seat, index, generation } = ref as BaseRef;
      return [seat, index, generation, definitionOf(ref as BaseRef)];
    },
    read: ([seat, index, generation, definition]) => {
      const numbers = [seat, index, generation];
      if (!numbers.every(Number.isInteger) || typeof definition !== 'string') {
        throw new TypeError('not the parts of a ref');
      }
      return host.refAt(Number(seat), Number(index), Number(generation), definition);
    },
  };
}

function definitionOf(ref: BaseRef): string {
  if (ref instanceof RemoteRef) return ref.definition;
  if (!(ref instanceof LocalRef)) return '';
  const { url, name } = ref.cell.definition;
  return `${url}#${name}`;
}
