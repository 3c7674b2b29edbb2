// An external key vault as a worker sees it: it has the master key from somewhere of its own (a
// KMS, an HSM; here an argument) and answers the call that a running enclave answers. It trusts
// what an enclave would: AMD's roots, the release keys, the succession.

import type { TrustAnchors } from '@track-record/attestation';
import { reportDataOf } from '@track-record/attestation/binding';
import { verifyRelease } from '@track-record/attestation/manifest';
import { startRpcServer, type RpcServer } from '@track-record/rpc';
import {
  sealForPeer,
  Secret,
  successionSha256,
  type Succession,
} from '@track-record/sealing/unseal';
import { cannedSources } from '../rpc/canned-sources.ts';
import { selfSignedCertificate } from '../tls/self-signed-certificate.ts';

export interface KeyVaultOptions {
  /** 64 hex digits. */
  readonly masterKey: string;
  readonly succession: Succession;
  readonly minSvn: number;
  readonly trustAnchors: TrustAnchors;
  readonly now: () => number;
}

export async function startKeyVault(options: KeyVaultOptions): Promise<RpcServer> {
  const { succession, minSvn, trustAnchors } = options;
  const sha256 = await successionSha256(succession, 'development');
  return await startRpcServer({
    host: '127.0.0.1',
    port: 0,
    tls: selfSignedCertificate(),
    access: null,
    now: options.now,
    sources: cannedSources({
      handOver: async (evidence, release) => {
        const trusted = { ...succession, successionSha256: sha256, minSvn, trustAnchors };
        const given = [evidence, release].map((bytes) => JSON.parse(Buffer.from(bytes).toString()));
        const [newcomer, signed]: readonly unknown[] = given;
        const expected = { ...trusted, now: options.now() };
        const { binding } = await verifyRelease(newcomer, signed, expected);
        const reportData = await reportDataOf(binding);
        const peer = { publicKey: binding.unsealPublicKey, reportData };
        const master = new Secret(Uint8Array.from(Buffer.from(options.masterKey, 'hex')));
        return [await sealForPeer(master, peer).finally(() => master.wipe())];
      },
    }),
    onBug: (_method, error) => {
      throw error;
    },
  });
}
