// The sentence for every reason to refuse evidence, for whoever reads a verdict. The sentences are
// constants: nothing of a report or a certificate ever becomes part of one. A test holds that each
// refusal of this room has one.

import type { RecordError } from '@track-record/errors';

export const checks = {
  // Layout of the report, in the order of its fields (AMD 56860, table ATTESTATION_REPORT).
  'report.length': 'The report is not 1184 bytes long.',
  'report.version': 'The report is not of version 2, 3, 4 or 5.',
  'report.reserved': 'A reserved byte of the report is not zero.',
  'report.policy': 'A reserved bit of the guest policy has the wrong value.',
  'report.vmpl': 'The report was not asked for by a guest: VMPL is above 3.',
  'report.signatureAlgorithm': 'The report is not signed with ECDSA P-384 and SHA-384.',
  'report.signerInfo': 'A reserved bit of the signer information is set.',
  'report.signingKey': 'The report names neither a VCEK nor a VLEK as its signing key.',
  'report.cpu': 'The report names a processor this verifier does not know.',
  'report.tcb': 'A reserved byte of a TCB version is not zero.',

  // Endorsements: the certificates, from the root down, then what the leaf says of the chip.
  'endorsements.table': 'The certificate table of the host has entries that lie outside it.',
  'endorsements.roles': 'The certificates given are not one leaf and at most one issuer.',
  'certificate.size': 'A certificate is empty or larger than any that AMD issues.',
  'certificate.encoding': 'A file is not exactly one certificate in strict DER or PEM.',
  'certificate.algorithm': 'A certificate is not signed with RSASSA-PSS as AMD signs.',
  'leaf.subject': 'The leaf is not a certificate of the key kind that the report names.',
  'leaf.issuer': 'The leaf is not issued by the AMD authority for its kind of key.',
  'leaf.product': 'The leaf is for another processor product than the report.',
  'intermediate.missing': 'The authority that issued the leaf is neither given nor known.',
  'intermediate.subject': 'The certificate given as issuer of the leaf is another one.',
  'intermediate.authority': 'The issuer of the leaf is not a certificate authority.',
  'intermediate.key': 'The issuer of the leaf does not hold an RSA key as AMD uses them.',
  'intermediate.validity': 'The certificate of the issuer is not valid at this time.',
  'intermediate.signature': 'The issuer of the leaf is not vouched for by a pinned root.',
  'intermediate.revoked': 'The certificate of the issuer of the leaf is revoked.',
  'root.unknown': 'No pinned root is of the product that the certificates name.',
  'root.validity': 'The pinned root is not valid at this time.',
  'root.key': 'The key of the pinned root is not the one whose digest is pinned.',
  'revocation.list': 'The revocation list is not one that the pinned root signed.',
  'revocation.validity': 'The revocation list is out of date.',
  'leaf.signature': 'The leaf is not signed by its issuer.',
  'leaf.validity': 'The leaf certificate is not valid at this time.',
  'leaf.key': 'The leaf does not hold a P-384 key.',
  'leaf.structVersion': 'The leaf has another structure version than its product has.',
  'leaf.productName': 'The leaf names another product than its issuer.',
  'leaf.extensions': 'The extensions of the leaf are not exactly those of its kind.',
  'leaf.chip': 'The leaf was issued for another chip than the one that reports.',
  'leaf.tcb': 'The leaf was issued for other firmware versions than the report states.',
  'report.signature': 'The report is not signed by the certified chip key.',

  // Policy: the report is genuine, and is it the one that is wanted?
  'policy.debug': 'The host may debug the guest and read its memory.',
  'policy.migrationAgent': 'A migration agent may export the guest.',
  'policy.vmpl': 'The report was asked for at too weak a privilege level.',
  'policy.version': 'The report version is below the required one.',
  'policy.signer': 'This kind of signing key is not accepted.',
  'policy.cspId': 'The cloud that holds the VLEK is not accepted.',
  'policy.product': 'The processor product is not an accepted one.',
  'policy.milan':
    'Milan chip keys can be extracted by software, so that reports can be forged at any TCB' +
    ' (arXiv 2605.12990): the policy must list Milan and the chips it knows.',
  'policy.chip': 'The chip is not one of the expected ones.',
  'policy.tcb': 'A firmware version is below the required one.',
  'policy.firmware': 'The security processor firmware is too old.',
  'policy.mitigations': 'A required mitigation is not reported.',
  'policy.platform': 'A required platform protection is not on.',
  'policy.measurement': 'The launch measurement is not one of the expected ones.',
  'policy.reportData': 'The report is not bound to these keys.',
  'policy.hostData': 'The host data is not the expected one.',
  'policy.succession': 'The evidence does not name the expected source of the master key.',
  'policy.identity': 'The guest identity is not the expected one.',
} as const;

/** The sentence of the check that refused, and nothing that came from outside. */
export function explainRefusal(error: RecordError): string {
  const { place } = error;
  return place !== null && isCheck(place) ? checks[place] : error.message;
}

function isCheck(text: string): text is keyof typeof checks {
  return Object.hasOwn(checks, text);
}
