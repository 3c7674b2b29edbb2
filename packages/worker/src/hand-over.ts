// What a running worker answers to another one that asks for its master key. The answer is worth
// nothing to anybody but the enclave of the evidence, and that must be of a release that the release
// keys signed, not older than this one, with the same succession. Every request is untrusted.

import { reportDataOf } from '@track-record/attestation/binding';
import { RecordError } from '@track-record/errors';
import type { RpcSources } from '@track-record/rpc';
import type { MasterKey } from '@track-record/sealing';
import { sealForPeer, type AttestedKey } from '@track-record/sealing/unseal';
import { verifySuccessor, type LoadedSuccession } from './succession.ts';
import type { WorkerOptions } from './worker.ts';

/** `svn`: of our own release; null where evidence did not prove it, and then nothing is given. */
export function handOverOf(
  { log, clock, trustAnchors }: Pick<WorkerOptions, 'log' | 'clock' | 'trustAnchors'>,
  succession: LoadedSuccession | null,
  svn: number | null,
  master: MasterKey,
): RpcSources['handOver'] {
  let isBusy = false;
  return async (request) => {
    if (succession === null || svn === null) throw new RecordError('HANDOVER_REFUSED');
    // A verification takes milliseconds of the processor, and anybody may ask for one.
    if (isBusy) throw new RecordError('RPC_OVERLOADED');
    isBusy = true;
    try {
      const verified = await verifySuccessor(succession, request, svn, trustAnchors, clock());
      const { binding } = verified;
      const peer = { publicKey: binding.unsealPublicKey, reportData: await reportDataOf(binding) };
      const keys = master.previous === null ? [master] : [master, master.previous];
      const sealedKeys = await Promise.all(keys.map((key) => sealKey(key, peer)));
      log('handed-over');
      return sealedKeys;
    } finally {
      isBusy = false;
    }
  };
}

async function sealKey(key: MasterKey, peer: AttestedKey): Promise<Uint8Array> {
  const copy = key.copyForHandOver();
  try {
    return await sealForPeer(copy, peer, (attested) => Promise.resolve(attested));
  } finally {
    copy.wipe();
  }
}
