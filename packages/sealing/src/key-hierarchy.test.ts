// Known answers were made with Python's hmac and hashlib from RFC 5869 and the layout in
// key-hierarchy.ts, for the master key 000102...1f.

import { describe, expect, it } from '@jest/globals';
import type { RecordError } from '@track-record/errors';
import { openAccountKeys, sealAccountRoot } from './account-root.ts';
import { deriveKey, parseMasterKey, RecordRoot } from './key-hierarchy.ts';
import { keyLabels } from './key-labels.ts';
import type { Secret } from './secret.ts';

const MASTER_HEX = '000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f';
/** For an account whose root is 32 times 09. */
const CREDENTIAL_KEY = 'b5547b3247ce5419c3b88bb81395692c356bb7ba9dbbbaa8c1eaff406b511901';
const SEGMENT_KEY = 'b517fb3cf695071b02fea4368bc14b58c39c864f19a590e508f52142ce884154';
const STATE_KEY = '8cd6975ee29d8488eab6934c84e3e96426ef1367d3ede9f8dfddde10b468a077';
const MASTER_BASE64 = 'AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=';

function hex(secret: Secret): string {
  return secret.open((bytes) => Buffer.from(bytes).toString('hex'));
}

function refusal(text: string): unknown {
  try {
    return parseMasterKey(text);
  } catch (error) {
    return error;
  }
}

describe('accepts', () => {
  const master = parseMasterKey(MASTER_HEX);
  /** Of the same bytes as the master key, which the known answers were made for. */
  const recordRoot = new RecordRoot(master.copyForHandOver());
  const root = sealAccountRoot(master, 'account-1', (size) => new Uint8Array(size).fill(9));
  const keys = openAccountKeys(master, 'account-1', root);
  const known: readonly (readonly [string, string, string])[] = [
    ['key id', master.id, '9c8f248f53dbbd42'],
    [
      'account wrap key',
      hex(deriveKey(master.copyForHandOver(), keyLabels.accountWrap)),
      'dfb42b022ee7a39ddfc1a8fea0010bebf2a63089270aa2950b4a82dfa9c8a6c7',
    ],
    ['credential key', hex(keys.credential.secret), CREDENTIAL_KEY],
    ['segment key', hex(keys.segment.secret), SEGMENT_KEY],
    ['state key', hex(keys.state.secret), STATE_KEY],
    ['id of an account root', keys.state.id, '6b71e0912c4064f2'],
    [
      'statement signing seed',
      hex(recordRoot.statementSigningSeed()),
      '382c6b02f0c9772b4029435b032d8cb24a14b808a22d8b0776aef2849411175f',
    ],
    [
      'log signing seed',
      hex(recordRoot.logSigningSeed()),
      '8fb77b9d655816dfe43af87fc4689c8485d39bbfaf59ab5d92f6c1c4045d2fd3',
    ],
    [
      'intake seed',
      hex(recordRoot.intakeSeed()),
      '369d361f8c8c5c6cac5e223c1d17a6d611e49fff776422524236a0ccb66a0210',
    ],
    [
      'sentinel key',
      hex(deriveKey(master.copyForHandOver(), keyLabels.sentinel)),
      'ca5b107d54327f99cec173c39f3bf7db834eead5d2ac45bd21693e792244e903',
    ],
    ['pseudonym', recordRoot.pseudonym('account-1'), '1d5f4b97877e8dbe0952ac664b4a005e'],
    [
      'venue account hash',
      recordRoot.venueAccountHash('binance', '354937868'),
      'cd6bea33108d54444d9b2a26ee0d127fe419f185ccce46a4f090382f1e1056fc',
    ],
  ];
  it.each(known)('%s', (_name, derived, expected) => {
    expect(derived).toBe(expected);
  });

  it.each([
    ['upper-case hex', MASTER_HEX.toUpperCase()],
    ['base64', MASTER_BASE64],
    ['a file with its line end', `${MASTER_HEX}\n`],
  ])('the same key as %s', (_name, text) => {
    expect(parseMasterKey(text).id).toBe('9c8f248f53dbbd42');
  });
});

describe('refuses', () => {
  const cases: readonly (readonly [string, string])[] = [
    ['nothing', ''],
    ['31 bytes of hex', MASTER_HEX.slice(2)],
    ['33 bytes of hex', `${MASTER_HEX}00`],
    ['a digit that is no hex', `g${MASTER_HEX.slice(1)}`],
    ['hex with a prefix', `0x${MASTER_HEX}`],
    ['base64 without padding', MASTER_BASE64.slice(0, -1)],
    ['base64url', `-_${MASTER_BASE64.slice(2)}`],
    ['another spelling of the last digit', MASTER_BASE64.replace('8=', '9=')],
    ['31 bytes of base64', Buffer.alloc(31, 7).toString('base64')],
    ['a passphrase of 32 characters', 'correct horse battery staple 32!'],
  ];
  it.each(cases)('%s', (_name, text) => {
    const error = refusal(text);
    expect(error).toMatchObject({ code: 'CONFIG_INVALID', place: 'ENCRYPTION_KEY' });
    if (text !== '') expect((error as RecordError).message).not.toContain(text);
  });
});

describe('holds', () => {
  const master = parseMasterKey(MASTER_HEX);

  it('no label is the beginning of another, so that no info bytes meet', () => {
    const labels = Object.values(keyLabels);
    for (const label of labels) {
      expect(labels.filter((other) => other.startsWith(label))).toEqual([label]);
    }
  });

  it('accounts share no pseudonym', () => {
    const recordRoot = new RecordRoot(master.copyForHandOver());
    expect(recordRoot.pseudonym('a')).not.toBe(recordRoot.pseudonym('b'));
  });

  it('the id is not a piece of the key', () => {
    expect(MASTER_HEX).not.toContain(master.id);
  });
});
