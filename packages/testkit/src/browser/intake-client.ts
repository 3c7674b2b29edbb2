// An owner's client in a browser: seals credentials to a worker's intake key, and, for the other
// direction, opens what was sealed elsewhere. Plain JSON in and out, bytes as base64.

import { parseTrustAnchors } from '@track-record/attestation/auditor';
import { sealCredentials } from '@track-record/gateway/seal-credentials';
import { intakeKeyPair, openIntake, sealIntake, Secret } from '@track-record/sealing/intake';
import { base64Of, bytesOf } from './verdicts.ts';

const IDENTITY = { ownerId: 'owner-1', venue: 'binance', accountId: 'account-1' };

export async function sealedInBrowser(call: {
  readonly publicKey: string;
  readonly fields: Readonly<Record<string, string>>;
}): Promise<string> {
  const { fields } = call;
  return base64Of(await sealIntake(bytesOf(call.publicKey), { ...IDENTITY, fields }));
}

/** Verifies the enclave's evidence itself, and seals to the key that the evidence names. */
export async function sealedToEvidence(call: {
  readonly evidence: unknown;
  readonly policy: unknown;
  readonly anchors: string;
  readonly now: number;
  readonly fields: Readonly<Record<string, string>>;
}): Promise<string> {
  const { evidence, policy, fields, now } = call;
  const trustAnchors = await parseTrustAnchors(new TextEncoder().encode(call.anchors));
  const options = { now, trustAnchors };
  return base64Of(await sealCredentials(evidence, policy, { ...IDENTITY, fields }, options));
}

/** The seed is a test's. */
export async function openedInBrowser(call: {
  readonly seed: string;
  readonly message: string;
}): Promise<Readonly<Record<string, string>>> {
  const pair = await intakeKeyPair(new Secret(bytesOf(call.seed)));
  const fields = await openIntake(pair, bytesOf(call.message), IDENTITY);
  const texts = [...fields].map(([name, secret]) => [
    name,
    secret.open((bytes) => new TextDecoder().decode(bytes)),
  ]);
  return Object.fromEntries(texts);
}
