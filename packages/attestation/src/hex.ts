/** Lower-case hexadecimal; written out because this room also runs in browsers without Buffer. */
export function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
