// The keys that evidence names. Development evidence is untrusted; nobody vouches for it.

import { isPlainObject } from './canonical-json.ts';
import { fromHex } from './text-bytes.ts';

const HEX_KEY = /^[0-9a-f]{64}$/;

/** What evidence names: raw keys; of the log, none where there is no log. */
export interface BoundKeys {
  readonly statementPublicKey: Uint8Array;
  readonly logPublicKey: Uint8Array;
}

/** The keys in development evidence, for which nobody vouches; empty where there is none. */
export function statedKeysOf({ binding }: Readonly<Record<string, unknown>>): BoundKeys {
  const keyOf = (name: string): Uint8Array => {
    const key = isPlainObject(binding) ? binding[name] : '';
    return typeof key === 'string' && HEX_KEY.test(key) ? fromHex(key) : new Uint8Array();
  };
  return {
    statementPublicKey: keyOf('statementPublicKey'),
    logPublicKey: keyOf('logPublicKey'),
  };
}
