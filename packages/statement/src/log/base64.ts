// Standard base64 with padding (RFC 4648, section 4), as the note format writes it: one spelling
// per sequence of bytes. Text is untrusted.

import { RecordError } from '@track-record/errors';

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** LOG_MALFORMED. The caller bounds the length. */
export function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  if (!BASE64.test(text)) throw new RecordError('LOG_MALFORMED');
  const binary = atob(text);
  // The last digit may have unused bits: another spelling of the same bytes is refused.
  if (btoa(binary) !== text) throw new RecordError('LOG_MALFORMED');
  return Uint8Array.from(binary, (character) => character.charCodeAt(0));
}
