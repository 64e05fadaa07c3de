/** The part of npm `consistent-hash` 1.2 that the benches use; it ships no types. */
declare module 'consistent-hash' {
  class ConsistentHash {
    constructor(options?: { readonly distribution?: 'random' | 'uniform' });
    add(node: string): this;
    get(key: string): string;
  }
  export = ConsistentHash;
}
