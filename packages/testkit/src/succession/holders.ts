// Holders of key shares without a command line: their quorum, the succession that names it, and
// shares brought to an enclave that waits. They verify nothing; the `unseal` verb does.

import { writeFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { connectRpc, type RpcClient } from '@track-record/rpc/client';
import { reportDataOf, type Binding } from '@track-record/attestation/binding';
import { sealShare, Secret, splitMasterKey, type Succession } from '@track-record/sealing/unseal';

const POLL_MS = 50;
const PATIENCE_MS = 20_000;

export interface Holders {
  readonly succession: Succession;
  readonly shares: readonly Secret[];
  /** Where the succession stands as a file. */
  readonly file: string;
  /** Brings these shares to the enclave once it waits there. */
  readonly unseal: (endpoint: string, chosen?: readonly number[]) => Promise<void>;
}

/** Five holders, any three of whom have the key. */
export async function holdersOf(
  masterKey: string,
  file: string,
  releaseKeys: readonly string[],
): Promise<Holders> {
  const master = new Secret(Uint8Array.from(Buffer.from(masterKey, 'hex')));
  const { quorum, shares } = await splitMasterKey(master, 3, 5);
  const succession: Succession = {
    format: 'track-record-succession/1',
    quorum,
    previous: null,
    releaseKeys,
    releaseThreshold: releaseKeys.length,
  };
  writeFileSync(file, JSON.stringify(succession));
  return {
    succession,
    shares,
    file,
    unseal: async (endpoint, chosen = [0, 2, 4]) => {
      const rpc = await connectWhenOpen(endpoint);
      const binding = await bindingOf(rpc);
      const reportData = await reportDataOf(binding);
      for (const at of chosen) {
        const share = shares[at];
        if (share === undefined) throw new Error('There is no such share.');
        const holder = `holder-${at}`;
        const { keyCommitment } = quorum;
        const context = { holder, reportData };
        const message = await sealShare(binding.unsealPublicKey, share, keyCommitment, context);
        await rpc.submitShare(holder, message);
      }
      rpc.close();
    },
  };
}

export async function connectWhenOpen(endpoint: string): Promise<RpcClient> {
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    const trust = { untrusted: true } as const;
    try {
      return await connectRpc({ endpoint, trust, deadlineMs: 10_000 });
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await wait(POLL_MS);
    }
  }
}

/** What the enclave binds, at its word. */
export async function bindingOf(rpc: RpcClient): Promise<Binding> {
  const { evidence } = await rpc.attestation(new Uint8Array());
  const { binding }: { binding: Record<string, string> } = JSON.parse(
    Buffer.from(evidence).toString(),
  );
  const fields = Object.entries(binding).map(([name, text]) => [name, Buffer.from(text, 'hex')]);
  return Object.fromEntries(fields);
}
