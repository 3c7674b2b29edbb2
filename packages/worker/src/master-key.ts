// Where the master key comes from. In development it may be made on first use; in production it is given.

import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { RecordError } from '@track-record/errors';
import { parseMasterKey, type MasterKey, type RandomBytes } from '@track-record/sealing';
import type { Config } from './config.ts';
import type { Log } from './log.ts';

const FILE_PREFIX = 'file:';
const KEY_SIZE_BYTES = 32;
const OWNER_ONLY = 0o600;

/** KEY_SOURCE_UNAVAILABLE when the named file cannot be read; CONFIG_INVALID when it holds no key. */
export function loadMasterKey(config: Config, random: RandomBytes, log: Log): MasterKey {
  const setting =
    config.ENCRYPTION_KEY ?? `${FILE_PREFIX}${developmentKeyFile(config, random, log)}`;
  if (!setting.startsWith(FILE_PREFIX)) return parseMasterKey(setting);
  try {
    return parseMasterKey(readFileSync(setting.slice(FILE_PREFIX.length), 'utf8'));
  } catch (cause) {
    if (cause instanceof RecordError) throw cause;
    throw new RecordError('KEY_SOURCE_UNAVAILABLE', { cause, place: 'ENCRYPTION_KEY' });
  }
}

function developmentKeyFile(config: Config, random: RandomBytes, log: Log): string {
  if (config.ENCLAVE_MODE === 'production') {
    throw new RecordError('CONFIG_INVALID', { place: 'ENCRYPTION_KEY' });
  }
  const path = join(config.DEVELOPMENT_DATA_DIRECTORY, 'encryption-key');
  if (!existsSync(path)) {
    mkdirSync(config.DEVELOPMENT_DATA_DIRECTORY, { recursive: true });
    const key = Buffer.from(random(KEY_SIZE_BYTES)).toString('hex');
    writeFileSync(path, `${key}\n`, { mode: OWNER_ONLY, flag: 'wx' });
    log('key-generated', { place: 'ENCRYPTION_KEY' });
  }
  return path;
}
