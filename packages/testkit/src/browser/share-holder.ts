// A holder of a key share in a browser: seals the share to an enclave. Plain JSON in and out, bytes
// as base64.

import { sealShare, Secret } from '@track-record/sealing/unseal';
import { base64Of, bytesOf } from './verdicts.ts';

export async function sealedShareInBrowser(call: {
  readonly publicKey: string;
  readonly share: string;
  readonly keyCommitment: string;
  readonly holder: string;
  readonly reportData: string;
}): Promise<string> {
  const share = new Secret(bytesOf(call.share));
  const context = { holder: call.holder, reportData: bytesOf(call.reportData) };
  const publicKey = bytesOf(call.publicKey);
  return base64Of(await sealShare(publicKey, share, call.keyCommitment, context));
}
