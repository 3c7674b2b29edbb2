// What evidence is refused with: the check that failed, by name, under its code. What a name means
// is said in auditor/checks.ts, which the worker does not need.

import { type Code, RecordError } from '@track-record/errors';

/** The report is genuine, and is it the one that is wanted? */
const POLICY_CODES = {
  'policy.debug': 'POLICY_DEBUG',
  'policy.migrationAgent': 'POLICY_MIGRATION',
  'policy.vmpl': 'POLICY_VMPL',
  'policy.version': 'POLICY_VERSION',
  'policy.signer': 'POLICY_SIGNER',
  'policy.cspId': 'POLICY_SIGNER',
  'policy.product': 'POLICY_PRODUCT',
  'policy.milan': 'POLICY_PRODUCT',
  'policy.chip': 'POLICY_CHIP',
  'policy.tcb': 'POLICY_TCB',
  'policy.firmware': 'POLICY_FIRMWARE',
  'policy.mitigations': 'POLICY_PLATFORM',
  'policy.platform': 'POLICY_PLATFORM',
  'policy.measurement': 'POLICY_MEASUREMENT',
  'policy.reportData': 'POLICY_REPORT_DATA',
  'policy.hostData': 'POLICY_HOST_DATA',
  'policy.succession': 'POLICY_SUCCESSION',
  'policy.identity': 'POLICY_IDENTITY',
} as const satisfies Record<string, Code>;

type ChainPart = 'endorsements' | 'certificate' | 'leaf' | 'intermediate' | 'root' | 'revocation';
export type CheckName = keyof typeof POLICY_CODES | `${'report' | ChainPart}.${string}`;

/** The refusal of one check; its place is the name of the check. */
export function refusal(name: CheckName, cause?: unknown): RecordError {
  return new RecordError(codeOf(name), { place: name, cause });
}

function codeOf(name: CheckName): Code {
  if (isPolicy(name)) return POLICY_CODES[name];
  if (name === 'report.signature') return 'SIGNATURE_INVALID';
  return name.startsWith('report.') ? 'REPORT_MALFORMED' : 'CHAIN_INVALID';
}

function isPolicy(name: CheckName): name is keyof typeof POLICY_CODES {
  return Object.hasOwn(POLICY_CODES, name);
}
