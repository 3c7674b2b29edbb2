// The few things that are done to bytes here. Everything is untrusted.

/** Bytes over memory of their own kind, as WebCrypto takes them. */
export type Bytes = Uint8Array<ArrayBuffer>;

export function isZero(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0);
}

/** Not in constant time: only public values are compared in this room. */
export function sameBytes(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && left.every((byte, index) => byte === right[index]);
}
