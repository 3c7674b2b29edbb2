// One report from the security processor, through the kernel's configfs-tsm (Linux 6.7 and later,
// Documentation/ABI/testing/configfs-tsm-report). One request at a time and no request that a
// remote caller could time or fill: a request that fails may cost the virtual machine its key to
// the security processor for good.

import { codeOf, RecordError } from '@track-record/errors';
import { sameBytes } from '../bytes.ts';
import type { CollectedReport } from '../evidence.ts';
import type { TsmFiles } from './tsm-files.ts';

/** Where Linux has it; configfs is mounted nowhere else. */
const TSM_ROOT = '/sys/kernel/config/tsm/report';
const PROVIDER = 'sev_guest\n';

/** AMD 56860, table ATTESTATION_REPORT: the size, and where REPORT_DATA stands. */
const REPORT_SIZE = 0x4a0;
const REPORT_DATA_START = 0x050;
const REPORT_DATA_SIZE = 64;

/** Nobody else writes into an entry of ours: a third race in a row is no accident. */
const ATTEMPTS_MAX = 3;

export interface ReportSourceOptions {
  readonly files: TsmFiles;
  /** A name for each request that no other process uses at the same time. */
  readonly newName: () => string;
  readonly root?: string;
}

export interface ReportSource {
  /**
   * 64 bytes of REPORT_DATA. ATTESTATION_UNAVAILABLE when the kernel refuses, when `signal` aborts
   * and while an earlier request is unanswered; ATTESTATION_DISABLED from the first ENOTTY on.
   */
  readonly obtain: (reportData: Uint8Array, signal: AbortSignal) => Promise<CollectedReport>;
}

export function reportSource({
  files,
  newName,
  root = TSM_ROOT,
}: ReportSourceOptions): ReportSource {
  let isDisabled = false;
  let isAsking = false;
  return {
    obtain: async (reportData, signal) => {
      if (isDisabled) throw new RecordError('ATTESTATION_DISABLED');
      if (signal.aborted) throw unavailable('tsm.deadline');
      if (isAsking) throw unavailable('tsm.busy');
      isAsking = true;
      const entry = entryAt(files, `${root}/${newName()}`, () => {
        isDisabled = true;
      });
      // After the deadline the kernel still works on it, for a minute at worst, and until it is
      // done nothing else is asked.
      const answer = ask(entry, reportData).finally(() => {
        isAsking = false;
      });
      return await Promise.race([answer, refusalAfter(signal)]);
    },
  };
}

/** A folder whose files are the parts of one request. */
type Entry = ReturnType<typeof entryAt>;

function entryAt(files: TsmFiles, path: string, onDisabled: () => void) {
  const attempt = <T>(place: string, operation: Promise<T>): Promise<T> =>
    operation.catch((cause: unknown) => {
      const failure = failureOf(cause, place);
      if (codeOf(failure) === 'ATTESTATION_DISABLED') onDisabled();
      throw failure;
    });
  const read = (name: string): Promise<Uint8Array> =>
    attempt(`tsm.${name}`, files.read(`${path}/${name}`));
  return {
    make: () => attempt('tsm.entry', files.mkdir(path)),
    read,
    readText: async (name: string) => new TextDecoder().decode(await read(name)),
    write: (name: string, bytes: Uint8Array) =>
      attempt(`tsm.${name}`, files.write(`${path}/${name}`, bytes)),
    // A leftover keeps the kernel's module in use.
    remove: () => attempt('tsm.entry', files.rmdir(path)),
  };
}

async function ask(entry: Entry, reportData: Uint8Array): Promise<CollectedReport> {
  await entry.make();
  try {
    for (let attempts = 0; attempts < ATTEMPTS_MAX; attempts += 1) {
      const collected = await askOnce(entry, reportData);
      if (collected !== null) return collected;
    }
    throw unavailable('tsm.generation');
  } finally {
    await entry.remove();
  }
}

/** Null when what was read is not the answer to what was written. */
async function askOnce(entry: Entry, reportData: Uint8Array): Promise<CollectedReport | null> {
  if ((await entry.readText('provider')) !== PROVIDER) throw unavailable('tsm.provider');
  const floor = numberOf(await entry.readText('privlevel_floor'), 'tsm.privlevel_floor');
  const before = numberOf(await entry.readText('generation'), 'tsm.generation');
  // The kernel commits a write when the file is closed and tells nobody whether it took it: only
  // the generation does, which counts the writes.
  await entry.write('inblob', reportData);
  let writes = 1n;
  // Above VMPL 0 (under a paravisor) the default level 0 is refused by the firmware.
  if (floor > 0n) {
    await entry.write('privlevel', new TextEncoder().encode(String(floor)));
    writes += 1n;
  }
  const report = await entry.read('outblob');
  const certificateTable = await entry.read('auxblob');
  const after = numberOf(await entry.readText('generation'), 'tsm.generation');
  if (report.length !== REPORT_SIZE) throw unavailable('tsm.outblob');
  const echoed = report.subarray(REPORT_DATA_START, REPORT_DATA_START + REPORT_DATA_SIZE);
  const isOurs = after === before + writes && sameBytes(echoed, reportData);
  return isOurs ? { report, certificateTable } : null;
}

/** ENOTTY: the driver gave up its key to the security processor, for the life of the machine. */
function failureOf(cause: unknown, place: string): unknown {
  if (!Error.isError(cause) || !('code' in cause) || cause instanceof RecordError) return cause;
  const code = cause.code === 'ENOTTY' ? 'ATTESTATION_DISABLED' : 'ATTESTATION_UNAVAILABLE';
  return new RecordError(code, { cause, place });
}

/** Never resolves. */
function refusalAfter(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(unavailable('tsm.deadline')), { once: true });
  });
}

function numberOf(text: string, place: string): bigint {
  if (!/^\d{1,20}\n$/.test(text)) throw unavailable(place);
  return BigInt(text.trimEnd());
}

function unavailable(place: string): RecordError {
  return new RecordError('ATTESTATION_UNAVAILABLE', { place });
}
