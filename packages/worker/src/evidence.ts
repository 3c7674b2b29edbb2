// The evidence for this process's keys: from the security processor where there is one, or the
// development kind, which proves nothing and says so. The configuration decides, never what is
// found on the machine: the host could take the hardware's files away to be believed without.

import { createHash, randomBytes } from 'node:crypto';
import {
  emptyBinding,
  HPKE_SUITE,
  reportDataOf,
  type Binding,
} from '@track-record/attestation/binding';
import { EVIDENCE_FORMAT, writeEvidence, type Evidence } from '@track-record/attestation/evidence';
import { developmentEvidence } from '@track-record/attestation/insecure';
import {
  keepEvidence,
  reportSource,
  withCertificates,
  type TsmFiles,
} from '@track-record/attestation/obtain';
import { codeOf } from '@track-record/errors';
import type { Clock } from './clock.ts';
import { settingNames, type Config } from './config.ts';
import type { Log } from './log.ts';
import type { LoadedSuccession } from './succession.ts';
import type { TlsIdentity } from './tls-identity.ts';

export interface EvidenceOptions {
  readonly config: Config;
  readonly clock: Clock;
  readonly log: Log;
  readonly tsmFiles: TsmFiles;
  readonly onBug: (error: unknown) => void;
}

/** What the door hands out. */
export interface ServedEvidence {
  readonly binding: Binding;
  readonly format: string;
  readonly insecure: boolean;
  readonly bytes: () => Uint8Array;
  /** New evidence, or what is at hand where that is half a minute old or less. */
  readonly fresh: () => Promise<Uint8Array>;
  /** False when several renewals in a row have failed. */
  readonly isCurrent: () => boolean;
  readonly stop: () => void;
}

/** The kernel's driver gives up after 60 s: this is for what hangs beyond. */
const DEADLINE_MS = 75_000;
/** A host's firmware update shows in the next report; nothing else in it changes. */
const INTERVAL_MS = 3_600_000;
const AGE_MAX_MS = 4 * INTERVAL_MS;
const NAME_SIZE = 8;

/** What a relying party cannot want to pin: secrets, and places on one machine. */
const UNPINNED = new Set([
  'ENCRYPTION_KEY',
  'DATABASE_URL',
  'ENCLAVE_CERTIFICATE_FILE',
  'AMD_SEV_CERTIFICATE_DIRECTORY',
  'ENCLAVE_RELEASE_FILE',
  'ENCLAVE_PEER',
  'WORKER_CHECKPOINT_DIRECTORY',
  // What is in the file is pinned by itself.
  'ENCLAVE_SUCCESSION_FILE',
]);

/** What stays the same from the start of the process to its end. */
export interface Identity {
  readonly tls: TlsIdentity;
  readonly codeSha256: Uint8Array;
  readonly succession: LoadedSuccession | null;
}

/** `keys`: those that there are, before and after the master key has come. */
export function bindingOf(
  config: Config,
  { tls, codeSha256, succession }: Identity,
  keys: Partial<Binding>,
): Binding {
  return {
    ...emptyBinding,
    tlsSpkiSha256: tls.spkiSha256,
    configSha256: configSha256(config),
    codeSha256,
    hpkeSuite: HPKE_SUITE,
    successionSha256: Buffer.from(succession?.sha256 ?? '', 'hex'),
    ...keys,
  };
}

/** ATTESTATION_UNAVAILABLE or ATTESTATION_DISABLED where hardware is configured and gives none. */
export async function openEvidence(
  options: EvidenceOptions,
  binding: Binding,
): Promise<ServedEvidence> {
  if (options.config.AMD_SEV_SNP === 'true') return await hardwareEvidence(options, binding);
  const evidence = await developmentEvidence(binding, options.clock());
  const bytes = Buffer.from(JSON.stringify(evidence));
  return {
    binding,
    format: evidence.format,
    insecure: true,
    bytes: () => bytes,
    fresh: async () => bytes,
    isCurrent: () => true,
    stop: () => undefined,
  };
}

async function hardwareEvidence(
  { config, clock, log, tsmFiles, onBug }: EvidenceOptions,
  binding: Binding,
): Promise<ServedEvidence> {
  const reportData = await reportDataOf(binding);
  const source = reportSource({
    files: tsmFiles,
    newName: () => `track-record-${randomBytes(NAME_SIZE).toString('hex')}`,
  });
  const collect = async (): Promise<Evidence> => {
    const collected = await source.obtain(reportData, AbortSignal.timeout(DEADLINE_MS));
    const folder = config.AMD_SEV_CERTIFICATE_DIRECTORY ?? null;
    return writeEvidence(await withCertificates(collected, folder), binding, clock());
  };
  const keeper = await keepEvidence({
    collect,
    elapsed: () => performance.now(),
    after: (delayMs, act) => {
      const timer = setTimeout(act, delayMs);
      return () => clearTimeout(timer);
    },
    intervalMs: INTERVAL_MS,
    jitter: () => Math.random(),
    onFailure: (error) => {
      const code = codeOf(error);
      log('evidence-failed', { code });
      if (code === 'INTERNAL') onBug(error);
    },
  });
  return {
    binding,
    format: EVIDENCE_FORMAT,
    insecure: keeper.current().evidence.insecure,
    bytes: () => Buffer.from(JSON.stringify(keeper.current().evidence)),
    fresh: async () => Buffer.from(JSON.stringify(await keeper.fresh())),
    isCurrent: () => keeper.current().ageMs <= AGE_MAX_MS,
    stop: keeper.stop,
  };
}

/** SHA-256 over the settings a relying party may want to pin: names and values. */
function configSha256(config: Config): Uint8Array {
  const settings = settingNames
    .filter((name) => !UNPINNED.has(name))
    .map((name) => [name, Object.entries(config).find(([key]) => key === name)?.[1] ?? null]);
  return createHash('sha256').update(JSON.stringify(settings)).digest();
}
