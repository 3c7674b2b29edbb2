// Evidence as a relying party gets it: parsed strictly, verified up to the pinned roots, checked
// against a policy, and its report compared with the keys that the evidence names. Runs unchanged
// in Node and in a browser. Every byte of the evidence is untrusted.

import { RecordError } from '@track-record/errors';
import { bindingFields, HPKE_SUITE, reportDataOf, type Binding } from './binding.ts';
import { checkReport } from './check-report.ts';
import { refusal } from './refusal.ts';
import { endorsementsOfAuxBlob } from './endorsements.ts';
import {
  base64,
  CERTIFICATE_TABLE_SIZE_MAX,
  EVIDENCE_FORMAT,
  type CollectedReport,
} from './evidence.ts';
import { hex } from './hex.ts';
import type { Policy } from './policy.ts';
import { parseReport, REPORT_SIZE } from './report.ts';
import type { TrustAnchors } from './trust-anchors.ts';
import { verifyReport, type VerifiedReport } from './verify-report.ts';

const MEMBERS = ['format', 'insecure', 'collectedAt', 'report', 'certificateTable', 'binding'];
const TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/;
/** The longest field that is bound: a nonce. */
const FIELD_SIZE_MAX = 64;

/** Of the right form, and nothing in it verified. */
export interface UnverifiedEvidence extends CollectedReport {
  /** Ms UTC, by the enclave's own clock, which the host sets. */
  readonly collectedAt: number;
  readonly binding: Binding;
}

/** The report is genuine and the one that is wanted, and it is bound to these keys. */
export interface VerifiedEvidence {
  readonly report: VerifiedReport;
  readonly binding: Binding;
  readonly collectedAt: number;
}

/** EVIDENCE_MALFORMED for a member unknown, missing or of another form. */
export function parseEvidence(json: unknown): UnverifiedEvidence {
  const { format, insecure, collectedAt, ...rest } = members(json, MEMBERS, 'evidence');
  if (format !== EVIDENCE_FORMAT) throw malformed('evidence.format');
  if (insecure !== false) throw malformed('evidence.insecure');
  const binding = members(rest['binding'], bindingFields, 'evidence.binding');
  const fields = bindingFields.map((name) => [
    name,
    ofHex(binding[name], `evidence.binding.${name}`),
  ]);
  const report = ofBase64(rest['report'], REPORT_SIZE, 'evidence.report');
  const table = rest['certificateTable'];
  return {
    collectedAt: instantOf(collectedAt),
    report,
    certificateTable: ofBase64(table, CERTIFICATE_TABLE_SIZE_MAX, 'evidence.certificateTable'),
    binding: Object.fromEntries(fields) as Binding,
  };
}

/**
 * `now` in ms UTC: the verifier's clock. Refuses as verifyReport and checkReport do; with
 * POLICY_REPORT_DATA when the report is bound to anything else than the keys in the evidence;
 * POLICY_SUCCESSION when the master key comes from another source than is expected.
 */
export async function verifyEvidence(
  evidence: UnverifiedEvidence,
  trustAnchors: TrustAnchors,
  policy: Policy,
  now: number,
): Promise<VerifiedEvidence> {
  const unverified = parseReport(evidence.report);
  const endorsements = endorsementsOfAuxBlob(evidence.certificateTable);
  const report = await verifyReport(unverified, endorsements, trustAnchors, now);
  const bound = hex(await reportDataOf(evidence.binding));
  // What the caller expects besides may narrow this down and never widen it.
  const reportData = (policy.reportData ?? [bound]).filter((each) => each === bound);
  checkReport(report, { ...policy, reportData });
  checkBinding(evidence.binding, policy);
  return { report, binding: evidence.binding, collectedAt: evidence.collectedAt };
}

/** Without a succession whoever started the enclave gave it its key, and knows it. */
function checkBinding({ hpkeSuite, successionSha256 }: Binding, { successions }: Policy): void {
  if (hex(hpkeSuite) !== hex(HPKE_SUITE)) throw malformed('evidence.binding.hpkeSuite');
  const named = hex(successionSha256);
  const isExpected = named !== '' && (successions ?? [named]).includes(named);
  if (!isExpected) throw refusal('policy.succession');
}

/** Exactly these members, of an object that is nothing else. */
function members(
  value: unknown,
  names: readonly string[],
  place: string,
): Readonly<Record<string, unknown>> {
  const isRecord = typeof value === 'object' && value !== null && !Array.isArray(value);
  if (!isRecord || Object.keys(value).length !== names.length) throw malformed(place);
  if (!names.every((name) => Object.hasOwn(value, name))) throw malformed(place);
  return { ...value };
}

function instantOf(value: unknown): number {
  const at = typeof value === 'string' && TIME.test(value) ? Date.parse(value) : Number.NaN;
  if (Number.isNaN(at)) throw malformed('evidence.collectedAt');
  return at;
}

/** Lower-case digits only, so that equal bytes have equal texts. */
function ofHex(value: unknown, place: string): Uint8Array {
  const isHex = typeof value === 'string' && value.length <= 2 * FIELD_SIZE_MAX;
  if (!isHex || !/^(?:[0-9a-f]{2})*$/.test(value)) throw malformed(place);
  const pairs = value.match(/../g) ?? [];
  return Uint8Array.from(pairs, (pair) => Number.parseInt(pair, 16));
}

function ofBase64(value: unknown, sizeMax: number, place: string): Uint8Array {
  // Four characters stand for three bytes.
  const isText = typeof value === 'string' && value.length <= 4 * Math.ceil(sizeMax / 3);
  if (!isText || !/^[A-Za-z0-9+/]*={0,2}$/.test(value) || value.length % 4 !== 0) {
    throw malformed(place);
  }
  const bytes = Uint8Array.from(atob(value), (character) => character.charCodeAt(0));
  // Unused low bits in the last character would make a second text of the same bytes.
  if (base64(bytes) !== value) throw malformed(place);
  return bytes;
}

function malformed(place: string): RecordError {
  return new RecordError('EVIDENCE_MALFORMED', { place });
}
