// The certificate of the chip's key when the host hands none over, which is usual under QEMU: from
// a folder that an operator filled with what AMD's key distribution service answered. A certificate
// is for one chip at one firmware version for ever, and a file is named for both: after a move to
// another chip another file is looked for. Nothing is fetched. What stands in a file is untrusted,
// as what the host hands over is: whoever relies on the evidence verifies it.

import { join } from 'node:path';
import { RecordError } from '@track-record/errors';
import { isZero } from '../bytes.ts';
import type { CollectedReport } from '../evidence.ts';
import { hex } from '../hex.ts';
import { kernelFiles } from './tsm-files.ts';

/** AMD 56860, table ATTESTATION_REPORT. */
const CHIP_ID_START = 0x1a0;
const CHIP_ID_SIZE = 64;
const REPORTED_TCB_START = 0x180;
const REPORTED_TCB_SIZE = 8;

/** AMD 56421: GUID, u32 offset and u32 length, little endian; an entry of zeros ends the table. */
const ENTRY_SIZE = 24;
const VCEK_GUID = [
  0x63, 0xda, 0x75, 0x8d, 0xe6, 0x64, 0x45, 0x64, 0xad, 0xc5, 0xf4, 0xb9, 0x3b,
].concat([0xe8, 0xac, 0xcd]);

/**
 * `CHIP_ID-REPORTED_TCB.der` in the folder, as a table like the host's. ATTESTATION_UNAVAILABLE
 * when neither has a certificate: such a report could not be verified by anybody.
 */
export async function withCertificates(
  collected: CollectedReport,
  folder: string | null,
): Promise<CollectedReport> {
  // A host without certificates gives an empty file, or a table of no entries.
  if (!isZero(collected.certificateTable)) return collected;
  if (folder === null) throw new RecordError('ATTESTATION_UNAVAILABLE', { place: 'certificates' });
  const file = join(folder, certificateNameOf(collected.report));
  const certificate = await kernelFiles.read(file).catch((cause: unknown) => {
    throw new RecordError('ATTESTATION_UNAVAILABLE', { cause, place: 'certificates' });
  });
  return { ...collected, certificateTable: tableOf(certificate) };
}

function certificateNameOf(report: Uint8Array): string {
  const text = (start: number, size: number): string => hex(report.subarray(start, start + size));
  const chip = text(CHIP_ID_START, CHIP_ID_SIZE);
  return `${chip}-${text(REPORTED_TCB_START, REPORTED_TCB_SIZE)}.der`;
}

function tableOf(certificate: Uint8Array): Uint8Array {
  const table = new Uint8Array(2 * ENTRY_SIZE + certificate.length);
  table.set(VCEK_GUID);
  const view = new DataView(table.buffer, VCEK_GUID.length);
  view.setUint32(0, 2 * ENTRY_SIZE, true);
  view.setUint32(4, certificate.length, true);
  table.set(certificate, 2 * ENTRY_SIZE);
  return table;
}
