// The evidence for this process's keys: from the security processor where there is one, or the
// development kind, which proves nothing and says so. The configuration decides, never what is
// found on the machine: the host could take the hardware's files away to be believed without.

import { createHash, randomBytes } from 'node:crypto';
import { reportDataOf, type Binding } from '@track-record/attestation/binding';
import { EVIDENCE_FORMAT, writeEvidence, type Evidence } from '@track-record/attestation/evidence';
import { developmentEvidence } from '@track-record/attestation/insecure';
import {
  keepEvidence,
  reportSource,
  withCertificates,
  type TsmFiles,
} from '@track-record/attestation/obtain';
import { codeOf } from '@track-record/errors';
import type { RouteContext } from '@track-record/jobs/context';
import type { Clock } from './clock.ts';
import { settingNames, type Config } from './config.ts';
import type { Log } from './log.ts';
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
  readonly format: string;
  readonly insecure: boolean;
  readonly bytes: () => Uint8Array;
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
]);

/** The keys and the configuration that the evidence is about. */
export function bindingOf(
  config: Config,
  { intake, signingKey }: Pick<RouteContext, 'intake' | 'signingKey'>,
  tls: TlsIdentity,
  codeSha256: Uint8Array,
): Binding {
  return {
    nonce: new Uint8Array(),
    tlsSpkiSha256: tls.spkiSha256,
    intakePublicKey: intake.publicKey,
    statementPublicKey: signingKey.publicKey,
    configSha256: configSha256(config),
    codeSha256,
    ledgerHead: new Uint8Array(),
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
    format: evidence.format,
    insecure: true,
    bytes: () => bytes,
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
    format: EVIDENCE_FORMAT,
    insecure: false,
    bytes: () => Buffer.from(JSON.stringify(keeper.current().evidence)),
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
