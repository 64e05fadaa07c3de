/**
 * Where the instances of this machine are reached. Written by whoever starts them, read by whoever asks,
 * scrapes or routes to them; all on one thread. An instance that has ended is not in it.
 */

/** One running instance. */
export type Address = {
  readonly instance: string;
  readonly service: string;
  readonly slot: string;
  readonly zone: string;
  readonly revision: string;
  /** TCP, on 127.0.0.1. */
  readonly port: number;
  /** Null while it is being started. */
  readonly pid: number | null;
};

/** Thread rule: one thread. */
export class AddressBook {
  private readonly byInstance: Map<string, Address> = new Map();

  /** @returns undefined for one that does not run here */
  of(instance: string): Address | undefined {
    return this.byInstance.get(instance);
  }

  /** All of them, in the order in which they came. */
  all(): readonly Address[] {
    return [...this.byInstance.values()];
  }

  /** It runs there from now on. */
  enter(address: Address): void {
    this.byInstance.set(address.instance, address);
  }

  /** It runs no more. */
  strike(instance: string): void {
    this.byInstance.delete(instance);
  }
}
