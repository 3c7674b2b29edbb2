// What a holder sends to an enclave that waits for its key: one share, sealed to the key that the
// enclave's evidence binds, once the holder has verified that evidence. It is bound to the holder,
// to the master key and to the evidence: sent on to another enclave, or to the same one after a new
// start, it does not open. No node: imports: holders run this in browsers too.

import { RecordError } from '@track-record/errors';
import { contextBytes } from '../context.ts';
import { type MessageKind, messageSizeBytesMin, sealMessage } from '../hpke-message.ts';
import type { Secret } from '../secret.ts';
import { hexOf, keyOfShare, SHARE_SIZE_BYTES } from './quorum.ts';

export const shareMessage: MessageKind = {
  magicAndVersion: Uint8Array.of(0x54, 0x52, 0x55, 0x01),
  info: 'track-record/v1/unseal-share',
  sizeBytesMax: messageSizeBytesMin + SHARE_SIZE_BYTES,
};

export interface ShareContext {
  /** Who sends it, by the name that the enclave is told as well. */
  readonly holder: string;
  /** REPORT_DATA of the evidence, 64 bytes: a digest of everything that it binds. */
  readonly reportData: Uint8Array;
}

/**
 * `publicKey` and `reportData` from verified evidence, `keyCommitment` from the configuration that
 * it binds. ARGUMENT_INVALID, UNSEAL_SHARE_REFUSED: a share of another key; ENVELOPE_REFUSED.
 */
export async function sealShare(
  publicKey: Uint8Array,
  share: Secret,
  keyCommitment: string,
  context: ShareContext,
): Promise<Uint8Array> {
  if (keyOfShare(share) !== keyCommitment) {
    throw new RecordError('UNSEAL_SHARE_REFUSED', { place: 'share.key' });
  }
  const aad = shareContext(keyCommitment, context);
  return await share.openCopy((bytes) => sealMessage(shareMessage, publicKey, bytes, aad));
}

export function shareContext(keyCommitment: string, context: ShareContext): Uint8Array {
  return contextBytes([
    ['holder', context.holder],
    ['key', keyCommitment],
    ['evidence', hexOf(context.reportData)],
  ]);
}
