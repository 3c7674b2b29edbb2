// The owner's word that a call may see its accounts: a compact JWS of one fixed form, signed by the
// issuer's Ed25519 key. The header is compared as bytes and never read, so that no token can choose
// its algorithm (docs/decisions/0014-who-may-ask.md). A token is good for one call of one enclave's
// audience within five minutes. Everything before the signature is checked is untrusted.

import { createPublicKey, verify, type KeyObject } from 'node:crypto';
import { RecordError } from '@track-record/errors';
import { parseUuid } from './arguments.ts';

/** `{"alg":"EdDSA","typ":"JWT"}`, as the common libraries write it. */
export const TOKEN_HEADER = 'eyJhbGciOiJFZERTQSIsInR5cCI6IkpXVCJ9';
const TOKEN = /^([A-Za-z0-9_-]{36})\.([A-Za-z0-9_-]{1,8192})\.([A-Za-z0-9_-]{86})$/;
const LIFETIME_SECONDS_MAX = 300;
/** How far the issuer's clock may be ahead of ours. */
const SKEW_SECONDS = 30;
/** 128 bits in base64url at least, so that no two calls draw the same. */
const NONCE = /^[A-Za-z0-9_-]{22,64}$/;
const ACCOUNTS_MAX = 100;
/** Five minutes of 300 calls a second. The issuer alone can fill this. */
const SEEN_MAX = 100_000;
const CLAIMS = ['aud', 'sub', 'iat', 'exp', 'jti', 'accounts'];

export interface OwnerScope {
  readonly ownerId: string;
  /** Null: all of the owner's accounts. */
  readonly accountIds: readonly string[] | null;
}

export interface TokenCheck {
  /** Ed25519 public keys in PEM, one after the other: a new one stands beside the old. */
  readonly issuerKeysPem: string;
  readonly audience: string;
  readonly now: () => number;
  /** Nonces that were taken, and until when they count: kept while the issuer's keys change. */
  readonly seen: Map<string, number>;
}

interface Claims extends OwnerScope {
  readonly issuedAt: number;
  readonly expires: number;
  readonly nonce: string;
}

/** Takes each token once; any other is RPC_UNAUTHENTICATED. */
export function tokenTaker({ issuerKeysPem, audience, now, seen }: TokenCheck) {
  const keys = parseIssuerKeys(issuerKeysPem);
  const startedAt = Math.floor(now() / 1000);
  return (token: string): OwnerScope => {
    const [, header, payload, signature] = TOKEN.exec(token) ?? refuse();
    const isSigned = (key: KeyObject) =>
      verify(
        null,
        Buffer.from(`${header}.${payload}`),
        key,
        Buffer.from(signature ?? '', 'base64url'),
      );
    if (header !== TOKEN_HEADER || !keys.some(isSigned)) refuse();
    const claims = parseClaims(Buffer.from(payload ?? '', 'base64url').toString(), audience);
    const seconds = now() / 1000;
    const { issuedAt, expires, nonce } = claims;
    // What was taken before this start is not remembered, so it is not taken at all.
    if (issuedAt < startedAt || issuedAt > seconds + SKEW_SECONDS || expires <= seconds) refuse();
    if (expires <= issuedAt || expires > issuedAt + LIFETIME_SECONDS_MAX || seen.has(nonce)) {
      refuse();
    }
    for (const [old, until] of seen) {
      if (until > seconds) break;
      seen.delete(old);
    }
    if (seen.size >= SEEN_MAX) throw new RecordError('RPC_OVERLOADED');
    // As long as any token can live, so that the oldest are always the first to go.
    seen.set(nonce, seconds + LIFETIME_SECONDS_MAX + SKEW_SECONDS);
    return claims;
  };
}

/** CONFIG_INVALID when there is a key of another kind, or none. */
function parseIssuerKeys(pem: string): readonly KeyObject[] {
  const blocks = pem.match(/-----BEGIN PUBLIC KEY-----[^-]+-----END PUBLIC KEY-----/g) ?? [];
  const keys = blocks.map((block) => createPublicKey(block));
  if (keys.length === 0 || keys.some(({ asymmetricKeyType: type }) => type !== 'ed25519')) {
    throw new RecordError('CONFIG_INVALID', { place: 'issuer key' });
  }
  return keys;
}

/** The issuer signed this; what it signs has this form and no further claim. */
function parseClaims(text: string, audience: string): Claims {
  try {
    const claims = new Map<string, unknown>(Object.entries(JSON.parse(text)));
    const nonce = claims.get('jti');
    const accounts = claims.get('accounts');
    if (claims.get('aud') !== audience || [...claims.keys()].some((key) => !CLAIMS.includes(key))) {
      return refuse();
    }
    if (typeof nonce !== 'string' || !NONCE.test(nonce)) return refuse();
    if (accounts !== undefined && !(Array.isArray(accounts) && accounts.length <= ACCOUNTS_MAX)) {
      return refuse();
    }
    return {
      ownerId: parseUuid(String(claims.get('sub')), 'sub'),
      accountIds: accounts?.map((id: unknown) => parseUuid(String(id), 'accounts')) ?? null,
      issuedAt: parseSeconds(claims.get('iat')),
      expires: parseSeconds(claims.get('exp')),
      nonce,
    };
  } catch (cause) {
    throw new RecordError('RPC_UNAUTHENTICATED', { cause });
  }
}

function parseSeconds(value: unknown): number {
  return typeof value === 'number' && Number.isSafeInteger(value) ? value : refuse();
}

function refuse(): never {
  throw new RecordError('RPC_UNAUTHENTICATED');
}
