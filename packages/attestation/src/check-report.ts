// Is this genuine report the one that is wanted? Compares a verified report with the policy of
// whoever relies on it. It proves nothing about authenticity: verify-report.ts did, and only its
// result is taken. The age of evidence is not judged here, for a report carries no time.

import { type CheckName, refusal } from './refusal.ts';
import type { Policy } from './policy.ts';
import type { Cpu } from './product.ts';
import type { Firmware } from './report.ts';
import { type Tcb, tcbComponents } from './tcb.ts';
import { isVerifiedReport, type VerifiedReport } from './verify-report.ts';

/** What a report without mitigation vectors says of mitigations. */
const NO_BITS = 0n;

/** Refuses with the POLICY_ code of the first check that fails. */
export function checkReport(report: VerifiedReport, policy: Policy): void {
  // What claims to be verified and was not made by verifyReport has no signature behind it.
  if (!isVerifiedReport(report)) throw refusal('report.signature');
  checkGuest(report, policy);
  checkSigner(report, policy);
  checkProduct(report, policy);
  checkFirmware(report, policy);
  checkPlatform(report, policy);
  checkContent(report, policy);
}

function checkGuest({ fields }: VerifiedReport, policy: Policy): void {
  if (fields.debug && !policy.allowDebug) throw refusal('policy.debug');
  if (fields.migrationAgent && !policy.allowMigrationAgent) throw refusal('policy.migrationAgent');
  if (fields.vmpl > policy.maxVmpl) throw refusal('policy.vmpl');
  if (fields.version < policy.minReportVersion) throw refusal('policy.version');
}

/** A VLEK proves AMD hardware of some cloud, and not which chip. */
function checkSigner({ fields, cspId }: VerifiedReport, policy: Policy): void {
  const onSilence = policy.silence === 'pass' || fields.signer === 'VCEK';
  requireListed(fields.signer, policy.signers, 'policy.signer', onSilence);
  if (cspId !== null) requireListed(cspId, policy.cspIds, 'policy.cspId', onSilence);
}

/** Forged Milan reports name a chip too, but not one whose owner put it on the list. */
function checkProduct({ fields, product }: VerifiedReport, policy: Policy): void {
  const onSilence = policy.silence === 'pass' || product !== 'Milan';
  if (policy.products === null && !onSilence) throw refusal('policy.milan');
  requireListed(product, policy.products, 'policy.product', true);
  requireListed(fields.chipId, policy.chipIds, 'policy.chip', onSilence);
}

function checkFirmware({ fields, tcb }: VerifiedReport, policy: Policy): void {
  const minTcb = policy.minTcbByCpu[cpuText(fields.cpu)] ?? policy.minTcb;
  requireTcb(tcb.reported, minTcb);
  requireTcb(tcb.committed, minTcb);
  requireTcb(tcb.launch, policy.minLaunchTcb);
  const { committedFirmware } = fields;
  if (isOlder(committedFirmware, policy.minFirmware)) throw refusal('policy.firmware');
}

function checkPlatform({ fields }: VerifiedReport, policy: Policy): void {
  const { platformInfo, launchMitigations, currentMitigations } = fields;
  if (!hasBits(platformInfo, policy.platformInfo)) throw refusal('policy.platform');
  // Before version 5 no mitigation is reported, which is none.
  const vectors = [launchMitigations ?? NO_BITS, currentMitigations ?? NO_BITS];
  const isMitigated = vectors.every((vector) => hasBits(vector, policy.mitigations));
  if (!isMitigated) throw refusal('policy.mitigations');
}

/** What runs there and whose keys it holds; where it matters, both must be expected. */
function checkContent({ fields }: VerifiedReport, policy: Policy): void {
  const onSilence = policy.silence === 'pass';
  requireListed(fields.measurement, policy.measurements, 'policy.measurement', onSilence);
  requireListed(fields.reportData, policy.reportData, 'policy.reportData', onSilence);
  requireListed(fields.hostData, policy.hostData, 'policy.hostData', true);
  requireListed(fields.idKeyDigest, policy.idKeyDigests, 'policy.identity', true);
  requireListed(fields.authorKeyDigest, policy.authorKeyDigests, 'policy.identity', true);
  requireListed(fields.familyId, policy.familyIds, 'policy.identity', true);
  requireListed(fields.imageId, policy.imageIds, 'policy.identity', true);
  if (fields.guestSvn < policy.minGuestSvn) throw refusal('policy.identity');
}

/** Whole values only. Everything compared is public, so that the time it takes tells nothing. */
function requireListed(
  value: string,
  list: readonly string[] | null,
  check: CheckName,
  onSilence: boolean,
): void {
  const isAccepted = list === null ? onSilence : list.includes(value);
  if (!isAccepted) throw refusal(check);
}

/** Each component by itself. One that the product does not have meets no minimum. */
function requireTcb(tcb: Tcb, minimum: Tcb): void {
  for (const name of tcbComponents) {
    const floor = minimum[name];
    const version = tcb[name];
    const isMet = floor === undefined || (version !== undefined && version >= floor);
    if (!isMet) throw refusal('policy.tcb');
  }
}

function isOlder(firmware: Firmware, minimum: Firmware): boolean {
  const differs = firmware.findIndex((part, index) => part !== minimum[index]);
  const [part, floor] = [firmware[differs], minimum[differs]];
  return part !== undefined && floor !== undefined && part < floor;
}

function hasBits(value: bigint, required: bigint): boolean {
  return (value & required) === required;
}

/** Version 2 names no model, and no row stands for none. */
function cpuText(cpu: Cpu | null): string {
  return cpu === null ? '' : `${cpu.family.toString(16)}/${cpu.model.toString(16)}`;
}
