// The master key on its way from a running enclave to a newcomer, such as its own next release:
// sealed to the newcomer's attested key and bound to its evidence. Who the newcomer is, is decided
// by the caller's check of its evidence and of the signed release manifest, and only the key that
// this check vouches for is sealed to. No node: imports.

import { contextBytes } from '../context.ts';
import { type MessageKind, messageSizeBytesMin, sealMessage } from '../hpke-message.ts';
import type { Secret } from '../secret.ts';
import { commitmentToKey, hexOf } from './quorum.ts';

const KEY_SIZE_BYTES = 32;

export const peerMessage: MessageKind = {
  magicAndVersion: Uint8Array.of(0x54, 0x52, 0x50, 0x01),
  info: 'track-record/v1/peer-hand-over',
  sizeBytesMax: messageSizeBytesMin + KEY_SIZE_BYTES,
};

/** What the verified evidence of an enclave says of it. */
export interface AttestedKey {
  readonly publicKey: Uint8Array;
  /** REPORT_DATA, 64 bytes. */
  readonly reportData: Uint8Array;
}

/**
 * `peer`: out of evidence that was verified: the report to the pinned roots, the manifest to the
 * release keys, that the one matches the other, and that the svn is not below our own.
 */
export async function sealForPeer(master: Secret, peer: AttestedKey): Promise<Uint8Array> {
  const aad = peerContext(await commitmentToKey(master), peer.reportData);
  return await master.openCopy((bytes) => sealMessage(peerMessage, peer.publicKey, bytes, aad));
}

export function peerContext(keyCommitment: string, reportData: Uint8Array): Uint8Array {
  return contextBytes([
    ['key', keyCommitment],
    ['evidence', hexOf(reportData)],
  ]);
}
