/** The part of npm `hashring` 3.2 that the benches use; it ships no types. */
declare module 'hashring' {
  class HashRing {
    constructor(servers: readonly string[]);
    /** Looks the key up without the cache that `get` has. */
    range(key: string, size: number, unique: boolean): string[];
  }
  export = HashRing;
}
