// Every reason to refuse evidence: what is checked, under which code it is refused, and the
// sentence that says so. The sentences are constants: nothing of a report or a certificate ever
// becomes part of one.

import { type Code, RecordError } from '@track-record/errors';

interface Check {
  readonly code: Code;
  readonly sentence: string;
}

export const checks = {
  // Layout of the report, in the order of its fields (AMD 56860, table ATTESTATION_REPORT).
  'report.length': malformed('The report is not 1184 bytes long.'),
  'report.version': malformed('The report is not of version 2, 3, 4 or 5.'),
  'report.reserved': malformed('A reserved byte of the report is not zero.'),
  'report.policy': malformed('A reserved bit of the guest policy has the wrong value.'),
  'report.vmpl': malformed('The report was not asked for by a guest: VMPL is above 3.'),
  'report.signatureAlgorithm': malformed('The report is not signed with ECDSA P-384 and SHA-384.'),
  'report.signerInfo': malformed('A reserved bit of the signer information is set.'),
  'report.signingKey': malformed('The report names neither a VCEK nor a VLEK as its signing key.'),
  'report.cpu': malformed('The report names a processor this verifier does not know.'),
  'report.tcb': malformed('A reserved byte of a TCB version is not zero.'),

  // Endorsements: the certificates, from the root down, then what the leaf says of the chip.
  'endorsements.table': chain('The certificate table of the host has entries that lie outside it.'),
  'endorsements.roles': chain('The certificates given are not one leaf and at most one issuer.'),
  'certificate.size': chain('A certificate is empty or larger than any that AMD issues.'),
  'certificate.encoding': chain('A file is not exactly one certificate in strict DER or PEM.'),
  'certificate.algorithm': chain('A certificate is not signed with RSASSA-PSS as AMD signs.'),
  'leaf.subject': chain('The leaf is not a certificate of the key kind that the report names.'),
  'leaf.issuer': chain('The leaf is not issued by the AMD authority for its kind of key.'),
  'leaf.product': chain('The leaf is for another processor product than the report.'),
  'intermediate.missing': chain('The authority that issued the leaf is neither given nor known.'),
  'intermediate.subject': chain('The certificate given as issuer of the leaf is another one.'),
  'intermediate.authority': chain('The issuer of the leaf is not a certificate authority.'),
  'intermediate.key': chain('The issuer of the leaf does not hold an RSA key as AMD uses them.'),
  'intermediate.validity': chain('The certificate of the issuer is not valid at this time.'),
  'intermediate.signature': chain('The issuer of the leaf is not vouched for by a pinned root.'),
  'intermediate.revoked': chain('The certificate of the issuer of the leaf is revoked.'),
  'root.unknown': chain('No pinned root is of the product that the certificates name.'),
  'root.validity': chain('The pinned root is not valid at this time.'),
  'root.key': chain('The key of the pinned root is not the one whose digest is pinned.'),
  'revocation.list': chain('The revocation list is not one that the pinned root signed.'),
  'revocation.validity': chain('The revocation list is out of date.'),
  'leaf.signature': chain('The leaf is not signed by its issuer.'),
  'leaf.validity': chain('The leaf certificate is not valid at this time.'),
  'leaf.key': chain('The leaf does not hold a P-384 key.'),
  'leaf.structVersion': chain('The leaf has another structure version than its product has.'),
  'leaf.productName': chain('The leaf names another product than its issuer.'),
  'leaf.extensions': chain('The extensions of the leaf are not exactly those of its kind.'),
  'leaf.chip': chain('The leaf was issued for another chip than the one that reports.'),
  'leaf.tcb': chain('The leaf was issued for other firmware versions than the report states.'),
  'report.signature': {
    code: 'SIGNATURE_INVALID',
    sentence: 'The report is not signed by the certified chip key.',
  },

  // Policy: the report is genuine, and is it the one that is wanted?
  'policy.debug': policy('POLICY_DEBUG', 'The host may debug the guest and read its memory.'),
  'policy.migrationAgent': policy('POLICY_MIGRATION', 'A migration agent may export the guest.'),
  'policy.vmpl': policy('POLICY_VMPL', 'The report was asked for at too weak a privilege level.'),
  'policy.version': policy('POLICY_VERSION', 'The report version is below the required one.'),
  'policy.signer': policy('POLICY_SIGNER', 'This kind of signing key is not accepted.'),
  'policy.cspId': policy('POLICY_SIGNER', 'The cloud that holds the VLEK is not accepted.'),
  'policy.product': policy('POLICY_PRODUCT', 'The processor product is not an accepted one.'),
  'policy.milan': policy(
    'POLICY_PRODUCT',
    'Milan chip keys can be extracted by software, so that reports can be forged at any TCB' +
      ' (arXiv 2605.12990): the policy must list Milan and the chips it knows.',
  ),
  'policy.chip': policy('POLICY_CHIP', 'The chip is not one of the expected ones.'),
  'policy.tcb': policy('POLICY_TCB', 'A firmware version is below the required one.'),
  'policy.firmware': policy('POLICY_FIRMWARE', 'The security processor firmware is too old.'),
  'policy.mitigations': policy('POLICY_PLATFORM', 'A required mitigation is not reported.'),
  'policy.platform': policy('POLICY_PLATFORM', 'A required platform protection is not on.'),
  'policy.measurement': policy(
    'POLICY_MEASUREMENT',
    'The launch measurement is not one of the expected ones.',
  ),
  'policy.reportData': policy('POLICY_REPORT_DATA', 'The report is not bound to these keys.'),
  'policy.hostData': policy('POLICY_HOST_DATA', 'The host data is not the expected one.'),
  'policy.succession': policy(
    'POLICY_SUCCESSION',
    'The evidence does not name the expected source of the master key.',
  ),
  'policy.identity': policy('POLICY_IDENTITY', 'The guest identity is not the expected one.'),
} as const satisfies Record<string, Check>;

export type CheckName = keyof typeof checks;

/** The refusal of one check; its place is the name of the check. */
export function refusal(name: CheckName, cause?: unknown): RecordError {
  return new RecordError(checks[name].code, { place: name, cause });
}

/** The sentence of the check that refused, and nothing that came from outside. */
export function explainRefusal(error: RecordError): string {
  const { place } = error;
  return place !== null && isCheckName(place) ? checks[place].sentence : error.message;
}

function isCheckName(text: string): text is CheckName {
  return Object.hasOwn(checks, text);
}

function malformed(sentence: string): Check & { readonly code: 'REPORT_MALFORMED' } {
  return { code: 'REPORT_MALFORMED', sentence };
}

function chain(sentence: string): Check & { readonly code: 'CHAIN_INVALID' } {
  return { code: 'CHAIN_INVALID', sentence };
}

function policy(code: Code, sentence: string): Check {
  return { code, sentence };
}
