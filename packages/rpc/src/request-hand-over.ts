// How an enclave that waits for its master key asks a running one for it. The answer is sealed to
// the asker and checked by it against a commitment, so that the connection needs no trust: whoever
// stands at the other end can withhold the key and no more. The answer is untrusted.

import { isCode, RecordError } from '@track-record/errors';
import { UnsealClient } from './generated/trackrecord/v1/unseal.ts';
import { openUnproven } from './unproven-connection.ts';

/** The sealed keys. The other side's code; RPC_UNAVAILABLE when it gives none. */
export async function requestHandOver(
  endpoint: string,
  evidence: Uint8Array,
  release: Uint8Array,
): Promise<readonly Uint8Array[]> {
  const client = new UnsealClient(endpoint, ...openUnproven());
  const request = { evidence: Buffer.from(evidence), release: Buffer.from(release) };
  try {
    return await new Promise((resolve, reject) => {
      client.requestHandOver(request, (cause, answer) => {
        if (cause === null) return resolve(answer.sealedKeys);
        const code = isCode(cause.details) ? cause.details : 'RPC_UNAVAILABLE';
        reject(new RecordError(code, { cause }));
      });
    });
  } finally {
    client.close();
  }
}
