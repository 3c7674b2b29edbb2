// Callers of a door that knows its callers: an authority that gives them their names, and an issuer
// that speaks for owners.

import { generateKeyPairSync, randomBytes, type KeyObject } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { signOwnerToken, type TlsKeyPair } from '@track-record/rpc/client';
import { testAuthority, type TestAuthority } from '../tls/self-signed-certificate.ts';

const TRUST_DOMAIN = 'test.example';
const AUDIENCE = `spiffe://${TRUST_DOMAIN}/enclave`;

export interface TestCallers {
  readonly authority: TestAuthority;
  readonly issuerKey: KeyObject;
  readonly access: {
    readonly clientCaPem: string;
    readonly issuerKeysPem: string;
    readonly trustDomain: string;
  };
  /** A certificate of the role. */
  readonly identityOf: (role: string) => TlsKeyPair;
  /** A new token at each call. */
  readonly tokensOf: (ownerId: string, accountIds?: readonly string[]) => () => string;
  /** The settings of a worker with this access, whose files are written here. */
  readonly settingsIn: (folder: string) => Readonly<Record<string, string>>;
}

export function testCallers(): TestCallers {
  const authority = testAuthority();
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const access = {
    clientCaPem: authority.certificatePem,
    issuerKeysPem: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    trustDomain: TRUST_DOMAIN,
  };
  return {
    authority,
    issuerKey: privateKey,
    access,
    identityOf: (role) => authority.issue([`spiffe://${TRUST_DOMAIN}/role/${role}`]),
    tokensOf: (ownerId, accountIds) => () => {
      const some = accountIds && { accountIds };
      const claims = { ownerId, audience: AUDIENCE, nonce: randomBytes(16), ...some };
      return signOwnerToken(claims, privateKey, Date.now());
    },
    settingsIn: (folder) => {
      const [authorities, issuers] = [join(folder, 'clients.pem'), join(folder, 'issuer.pem')];
      writeFileSync(authorities, access.clientCaPem);
      writeFileSync(issuers, access.issuerKeysPem);
      return {
        ENCLAVE_CLIENT_CA_FILE: authorities,
        ENCLAVE_ISSUER_KEY_FILE: issuers,
        ENCLAVE_TRUST_DOMAIN: TRUST_DOMAIN,
      };
    },
  };
}
