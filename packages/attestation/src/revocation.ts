// AMD's revocation lists (RFC 5280 section 5): an ARK signs which of its intermediates are no
// longer good. AMD does not revoke chip keys; a key for old firmware is outdated by its TCB. A list
// is optional offline input: without one the verdict says that revocation was not checked.

import { type Certificate, parseSigned, type SignedDer } from './certificate.ts';
import { refusal } from './refusal.ts';
import { partsOf, TAG, timeOf, unsignedOf } from './der.ts';
import { hex } from './hex.ts';

/** TBSCertList: version, algorithm. */
const ALGORITHM_INDEX = 1;
const VERSION_2 = 1;

export interface RevocationList {
  readonly thisUpdate: number;
  readonly nextUpdate: number;
  /** Serial numbers in hex. */
  readonly revoked: ReadonlySet<string>;
  readonly signed: SignedDer;
}

export function parseRevocationList(input: Uint8Array): RevocationList {
  const { fields, signed } = parseSigned(input, ALGORITHM_INDEX);
  const [version, , , thisUpdate, nextUpdate, entries] = fields;
  if (unsignedOf(version)[0] !== VERSION_2) throw refusal('certificate.encoding');
  // Revoked certificates are left out when there are none; what follows then are extensions.
  const revoked = entries?.tag === TAG.sequence ? partsOf(entries) : [];
  return {
    thisUpdate: timeOf(thisUpdate),
    nextUpdate: timeOf(nextUpdate),
    revoked: new Set(revoked.map((entry) => hex(unsignedOf(partsOf(entry)[0])))),
    signed,
  };
}

/** An old list would hide every later revocation. */
export function requireNotRevoked(
  { revoked, thisUpdate, nextUpdate }: RevocationList,
  { serial }: Pick<Certificate, 'serial'>,
  now: number,
): void {
  if (now < thisUpdate || now > nextUpdate) throw refusal('revocation.validity');
  if (revoked.has(serial)) throw refusal('intermediate.revoked');
}
