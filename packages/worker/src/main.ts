// The worker's process, on this machine. The only file of the trusted base that reads the
// environment.

import { amdTrustAnchors } from '@track-record/attestation';
import { kernelFiles } from '@track-record/attestation/obtain';
import { ownCodeSha256 } from './code-digest.ts';
import { hardenProcess } from './process-hardening.ts';
import { runWorker } from './run-worker.ts';

await runWorker(process.env, {
  harden: (onCrash) => hardenProcess(process.env['NODE_OPTIONS'], onCrash),
  tsmFiles: kernelFiles,
  trustAnchors: amdTrustAnchors,
  codeSha256: ownCodeSha256,
});
