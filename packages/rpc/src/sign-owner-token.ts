// How an issuer writes an owner token: a compact JWS that any library with EdDSA writes too. The
// issuer is whoever has authenticated the owner; the enclave knows its public key and no more. No
// part of the worker.

import { sign, type KeyObject } from 'node:crypto';
import { TOKEN_HEADER } from './owner-token.ts';

/** Five minutes are the most that the door takes. */
const LIFETIME_SECONDS = 60;

export interface OwnerClaims {
  /** A lower-case UUID. */
  readonly ownerId: string;
  /** Absent: all accounts of the owner. */
  readonly accountIds?: readonly string[];
  /** `spiffe://DOMAIN/enclave`, with the trust domain that the door is configured with. */
  readonly audience: string;
  /** 16 random bytes or more, drawn for this token. */
  readonly nonce: Uint8Array;
}

/** Good for one call. `issuerKey` is a private Ed25519 key, `nowMs` milliseconds UTC. */
export function signOwnerToken(claims: OwnerClaims, issuerKey: KeyObject, nowMs: number): string {
  const iat = Math.floor(nowMs / 1000);
  const payload = JSON.stringify({
    aud: claims.audience,
    sub: claims.ownerId,
    iat,
    exp: iat + LIFETIME_SECONDS,
    jti: Buffer.from(claims.nonce).toString('base64url'),
    accounts: claims.accountIds,
  });
  const signed = `${TOKEN_HEADER}.${Buffer.from(payload).toString('base64url')}`;
  return `${signed}.${sign(null, Buffer.from(signed), issuerKey).toString('base64url')}`;
}
