/**
 * What the control plane wants from its host beyond the language: the address of its modules, and texts
 * as bytes. Nothing of Node, no clock, no input or output.
 */
interface ImportMeta {
  readonly url: string;
}
declare class TextEncoder {
  encode(text: string): Uint8Array<ArrayBuffer>;
}
declare class TextDecoder {
  decode(bytes: Uint8Array): string;
}
