// How an enclave that waits for its master key asks a running one for it. The answer is sealed to
// the asker and checked by it against a commitment, so that the connection needs no trust: whoever
// stands at the other end can withhold the key and no more. The answer is untrusted.

import { ChannelCredentials } from '@grpc/grpc-js';
import { isCode, RecordError } from '@track-record/errors';
import { UnsealClient } from './generated/trackrecord/v1/unseal.ts';

/** Evidence is verified in milliseconds; a connection over a slow line takes seconds. */
const TIMEOUT = '15s';
const OPTIONS = {
  'grpc.service_config': JSON.stringify({ methodConfig: [{ name: [{}], timeout: TIMEOUT }] }),
  'grpc.service_config_disable_resolution': 1,
  // Any name but an address, which may not be one (RFC 6066, section 3).
  'grpc.ssl_target_name_override': 'track-record-enclave',
  // A proxy named by the environment has no part in this connection.
  'grpc.enable_http_proxy': 0,
};

/** The sealed keys. The other side's code; RPC_UNAVAILABLE when it gives none. */
export async function requestHandOver(
  endpoint: string,
  evidence: Uint8Array,
  release: Uint8Array,
): Promise<readonly Uint8Array[]> {
  const credentials = ChannelCredentials.createSsl(null, null, null, { rejectUnauthorized: false });
  const client = new UnsealClient(endpoint, credentials, OPTIONS);
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
