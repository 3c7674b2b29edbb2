// The isolate of the verifier: certificates, reports and manifests that anybody may send are read
// here, in a heap that holds no key and lives for one question.

import './lock.ts';
import { amdTrustAnchors } from '@track-record/attestation';
import { reportDataOf } from '@track-record/attestation/binding';
import { verifyRelease } from '@track-record/attestation/manifest';
import { RecordError, type Code } from '@track-record/errors';
import { serve } from './serve.ts';
import type { VerifierCalls } from './verifier-calls.ts';

serve<VerifierCalls>({
  verifyRelease: async ({ evidence, release, expected }) => {
    const { manifest, binding } = await verifyRelease(
      parseJson(evidence, 'EVIDENCE_MALFORMED'),
      parseJson(release, 'MANIFEST_MALFORMED'),
      { ...expected, trustAnchors: expected.trustAnchors ?? amdTrustAnchors },
    );
    const reportData = await reportDataOf(binding);
    return { svn: manifest.svn, publicKey: binding.unsealPublicKey, reportData };
  },
});

function parseJson(bytes: Uint8Array, code: Code): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch (cause) {
    throw new RecordError(code, { cause });
  }
}
