// Where the master key comes from besides holders. A setting or a file, in development: whoever sets
// it knows the key. A running enclave or an external service, which verify this one's evidence and
// seal the key to it: neither is trusted, for what comes must be the key that the succession
// commits to.

import { readFileSync } from 'node:fs';
import { RecordError } from '@track-record/errors';
import { requestHandOver, type HandOverRequest } from '@track-record/rpc';
import { parseMasterKey, type MasterKey } from '@track-record/sealing';
import { z } from 'zod';
import type { Config } from './config.ts';

const FILE_PREFIX = 'file:';
const KMS_TIMEOUT_MS = 15_000;
/** Two sealed keys in base64 with room to spare. */
const ANSWER_SIZE_BYTES_MAX = 4096;

const kmsAnswer = z.strictObject({ sealedKeys: z.array(z.base64()).max(2) });

/** A master key that is here. */
export interface Unsealed {
  readonly master: MasterKey;
  /** The security version of our release; null where no hardware proves it. */
  readonly svn: number | null;
}

/** Gives the keys, sealed to the enclave of the evidence, in the order of its succession. */
export type KeySource = (request: HandOverRequest) => Promise<readonly Uint8Array[]>;

/** Those to ask while the worker waits; holders come by themselves. */
export function keySources(config: Config): readonly KeySource[] {
  const { ENCLAVE_PEER: peer, ENCLAVE_KMS_URL: url } = config;
  return [
    ...(peer === undefined
      ? []
      : [(request: HandOverRequest) => requestHandOver(`${peer.host}:${peer.port}`, request)]),
    ...(url === undefined ? [] : [(request: HandOverRequest) => askService(url, request)]),
  ];
}

/**
 * The key that a setting gives. KEY_SOURCE_UNAVAILABLE when the named file cannot be read;
 * CONFIG_INVALID when it holds no key.
 */
export function givenMasterKey(config: Config): Unsealed {
  const setting = config.ENCLAVE_MODE === 'development' ? (config.ENCRYPTION_KEY ?? '') : '';
  const isFile = setting.startsWith(FILE_PREFIX);
  const text = isFile ? readKeyFile(setting.slice(FILE_PREFIX.length)) : setting;
  return { master: parseMasterKey(text), svn: null };
}

function readKeyFile(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new RecordError('KEY_SOURCE_UNAVAILABLE', { cause, place: 'ENCRYPTION_KEY' });
  }
}

/** POST of `{evidence, release}` in base64; `{sealedKeys}` in base64. KEY_SOURCE_UNAVAILABLE. */
async function askService(url: string, request: HandOverRequest): Promise<readonly Uint8Array[]> {
  const [evidence, release] = [request.evidence, request.release].map((bytes) =>
    Buffer.from(bytes).toString('base64'),
  );
  try {
    const answer = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ evidence, release }),
      redirect: 'error',
      signal: AbortSignal.timeout(KMS_TIMEOUT_MS),
    });
    const { sealedKeys } = kmsAnswer.parse(JSON.parse(await readBody(answer)));
    return sealedKeys.map((text) => Buffer.from(text, 'base64'));
  } catch (cause) {
    throw new RecordError('KEY_SOURCE_UNAVAILABLE', { cause, place: 'ENCLAVE_KMS_URL' });
  }
}

async function readBody({ ok, body }: Response): Promise<string> {
  let text = '';
  if (!ok || body === null) throw new RecordError('KEY_SOURCE_UNAVAILABLE');
  for await (const part of body.pipeThrough(new TextDecoderStream())) {
    text += part;
    if (text.length > ANSWER_SIZE_BYTES_MAX) throw new RecordError('KEY_SOURCE_UNAVAILABLE');
  }
  return text;
}
