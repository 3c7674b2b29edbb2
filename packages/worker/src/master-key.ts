// The master key as a setting gives it, or a file that a setting names: in development only, for
// whoever sets it knows the key. In production it comes in sealed messages (unseal.ts).

import { readFileSync } from 'node:fs';
import { RecordError } from '@track-record/errors';
import { parseMasterKey, type MasterKey } from '@track-record/sealing';
import type { Config } from './config.ts';

const FILE_PREFIX = 'file:';

/**
 * KEY_SOURCE_UNAVAILABLE when the named file cannot be read; CONFIG_INVALID when it holds no key.
 */
export function loadMasterKey(config: Config): MasterKey {
  const setting = config.ENCLAVE_MODE === 'development' ? (config.ENCRYPTION_KEY ?? '') : '';
  return parseMasterKey(
    setting.startsWith(FILE_PREFIX) ? readKeyFile(setting.slice(FILE_PREFIX.length)) : setting,
  );
}

function readKeyFile(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new RecordError('KEY_SOURCE_UNAVAILABLE', { cause, place: 'ENCRYPTION_KEY' });
  }
}
