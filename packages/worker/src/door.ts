// The worker's door, with and without its master key: the same address and the same TLS key, so
// that whoever found one finds the other.

import { writeFileSync } from 'node:fs';
import { RecordError } from '@track-record/errors';
import { startRpcServer, type RpcServer, type RpcSources } from '@track-record/rpc';
import type { TlsIdentity } from './tls-identity.ts';
import type { WorkerOptions } from './worker.ts';

/** Running calls may end in this time at a stop. */
export const DOOR_GRACE_MS = 2_000;

export async function openDoor(
  { config, log, onBug }: Pick<WorkerOptions, 'config' | 'log' | 'onBug'>,
  tls: TlsIdentity,
  sources: RpcSources,
): Promise<RpcServer> {
  const certificateFile = config.ENCLAVE_CERTIFICATE_FILE;
  if (certificateFile !== undefined) {
    await tryingSetting('ENCLAVE_CERTIFICATE_FILE', () =>
      writeFileSync(certificateFile, tls.certificatePem),
    );
  }
  return tryingSetting('ENCLAVE_PORT', () =>
    startRpcServer({
      host: config.ENCLAVE_HOST,
      port: config.ENCLAVE_PORT,
      tls,
      sources,
      onBug: (_method, error) => {
        log('call-failed', { code: 'INTERNAL' });
        onBug(error);
      },
    }),
  );
}

/** What this machine refuses (a port in use, a folder that is not there) is a wrong setting. */
export async function tryingSetting<T>(place: string, act: () => T | Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (cause) {
    throw new RecordError('CONFIG_INVALID', { cause, place });
  }
}
