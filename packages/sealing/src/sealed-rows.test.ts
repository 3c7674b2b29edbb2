// Account roots, credentials, segments, state and the sentinel: what each is bound to. Known
// answers were made with Python's `cryptography` 48 and zlib, for the master key 000102...1f and
// account-1, whose root is 32 times 09 (regression for field-lessons S8: every envelope names its
// key and its place).

import { deflateRawSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import { codeOf } from '@track-record/errors';
import {
  type AccountKeys,
  openAccountKeys,
  resealAccountRoot,
  sealAccountRoot,
} from './account-root.ts';
import { contextBytes } from './context.ts';
import { openCredential, sealCredential } from './credential.ts';
import { seal } from './envelope.ts';
import { MasterKey, parseMasterKey } from './key-hierarchy.ts';
import { Secret } from './secret.ts';
import { openRow, sealRow } from './sealed-row.ts';
import { openRecordRoot, resealRecordRoot, sealRecordRoot } from './sentinel.ts';

const HEADER = '545245019c8f248f53dbbd426465666768696a6b6c6d6e6f';
const UNDER_ROOT = '545245016b71e0912c4064f26465666768696a6b6c6d6e6f';
const ROOT = bytesOf(
  `${HEADER}cbf4693a7237e2869e6083e9924335fd72db32f129ed57974f09925be82ba4865a27882f16b34b08` +
    'e8e7094cf5ba71c9',
);
const CREDENTIAL = bytesOf(`${UNDER_ROOT}00a8bd3695f0e3f03193b92b0afaba2b17db5d5b3625493921ec`);
const SEGMENT = bytesOf(`${UNDER_ROOT}987f8b200b89db5ce49f29a314a213945b9c52eaa14903eb84c7d91a56`);
const STATE = bytesOf(`${UNDER_ROOT}ecad8ee7ac7f03884f960359913ae9227045ec1f15d90893fe078fd72d`);
const SENTINEL = bytesOf(
  `${HEADER}a727da597506fdc49e968b94153a76778db20a2b4195d7e45097054a712a5e47704a05ee8fd1bca7`,
);
const PSEUDONYM = '1d5f4b97877e8dbe0952ac664b4a005e';
const REFUSED = 'ENVELOPE_REFUSED';
const ENTRIES = 'entries '.repeat(8);
const BOMB_SIZE_BYTES = 64 * 1024 * 1024 + 1;

const master = parseMasterKey('000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f');
const otherMaster = parseMasterKey('11'.repeat(32));
const keys = openAccountKeys(master, 'account-1', ROOT);
/** Another account that happens to have the same root: the context alone tells them apart. */
const otherKeys = openAccountKeys(
  master,
  'account-2',
  sealAccountRoot(master, 'account-2', random),
);
const apiKey = { venue: 'binance', field: 'apiKey' };
const range = { table: 'sealed_segment', first: 1, last: 8 };
const version = { table: 'sealed_state', version: 3 };

function bytesOf(hex: string): Uint8Array {
  return Uint8Array.from(Buffer.from(hex, 'hex'));
}

function random(sizeBytes: number): Uint8Array {
  return new Uint8Array(sizeBytes).fill(9);
}

/** Of a root that nothing else was sealed under. */
function newKeys(accountId: string): AccountKeys {
  const other = (sizeBytes: number): Uint8Array => new Uint8Array(sizeBytes).fill(8);
  return openAccountKeys(master, accountId, sealAccountRoot(master, accountId, other));
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('utf8');
}

function codeWhen(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    return codeOf(error);
  }
  return 'opened';
}

describe('accepts', () => {
  it('what Python sealed', () => {
    expect(openCredential(keys, apiKey, CREDENTIAL).open(textOf)).toBe('an api key');
    expect(textOf(openRow(keys, range, SEGMENT))).toBe(ENTRIES);
    expect(textOf(openRow(keys, version, STATE))).toBe(ENTRIES);
    // Of a database whose root has the value of its first master key (key-hierarchy.test.ts).
    expect(openRecordRoot(master, SENTINEL).pseudonym('account-1')).toBe(PSEUDONYM);
  });

  it('what it sealed', () => {
    const value = new Secret(Uint8Array.from(Buffer.from('a secret')));
    const sealed = sealCredential(keys, apiKey, value, random);
    expect(openCredential(keys, apiKey, sealed).open(textOf)).toBe('a secret');
    const entries = Buffer.from(ENTRIES);
    expect(textOf(openRow(keys, range, sealRow(keys, range, entries, random)))).toBe(ENTRIES);
    expect(textOf(openRow(keys, version, sealRow(keys, version, entries, random)))).toBe(ENTRIES);
    const root = openRecordRoot(master, sealRecordRoot(master, random));
    expect(root.pseudonym('account-1')).not.toBe(PSEUDONYM);
  });
});

describe('refuses', () => {
  const cases: readonly (readonly [string, () => unknown, string])[] = [
    [
      'a credential moved to another account',
      () => openCredential(otherKeys, apiKey, CREDENTIAL),
      'ENVELOPE_REFUSED',
    ],
    [
      'a credential moved to another venue',
      () => openCredential(keys, { ...apiKey, venue: 'okx' }, CREDENTIAL),
      'ENVELOPE_REFUSED',
    ],
    [
      'a credential moved to another field',
      () => openCredential(keys, { ...apiKey, field: 'secret' }, CREDENTIAL),
      'ENVELOPE_REFUSED',
    ],
    [
      'a credential of another root',
      () => openCredential(newKeys('account-1'), apiKey, CREDENTIAL),
      'KEY_UNKNOWN',
    ],
    ['a root of another account', () => openAccountKeys(master, 'account-2', ROOT), REFUSED],
    [
      'a root of another master key',
      () => openAccountKeys(otherMaster, 'account-1', ROOT),
      'KEY_UNKNOWN',
    ],
    ['an altered root', () => openAccountKeys(master, 'account-1', altered(ROOT)), REFUSED],
    [
      'a cut root',
      () => openAccountKeys(master, 'account-1', ROOT.subarray(0, 30)),
      'ENVELOPE_MALFORMED',
    ],
    ['a sentinel as a root', () => openAccountKeys(master, 'account-1', SENTINEL), REFUSED],
    [
      'a segment in another table',
      () => openRow(keys, { ...range, table: 'other' }, SEGMENT),
      'ENVELOPE_REFUSED',
    ],
    [
      'a segment at another place of the sequence',
      () => openRow(keys, { ...range, first: 2, last: 9 }, SEGMENT),
      'ENVELOPE_REFUSED',
    ],
    [
      'a segment said to end earlier',
      () => openRow(keys, { ...range, last: 7 }, SEGMENT),
      'ENVELOPE_REFUSED',
    ],
    ['a segment of another account', () => openRow(otherKeys, range, SEGMENT), 'ENVELOPE_REFUSED'],
    ['a segment as state', () => openRow(keys, version, SEGMENT), 'ENVELOPE_REFUSED'],
    [
      'state of another version',
      () => openRow(keys, { ...version, version: 4 }, STATE),
      'ENVELOPE_REFUSED',
    ],
    [
      'a sentinel of another master key',
      () => openRecordRoot(otherMaster, SENTINEL),
      'KEY_UNKNOWN',
    ],
    ['an altered sentinel', () => openRecordRoot(master, altered(SENTINEL)), 'KEY_UNKNOWN'],
    [
      'a cut sentinel',
      () => openRecordRoot(master, SENTINEL.subarray(0, 30)),
      'ENVELOPE_MALFORMED',
    ],
    [
      'sealed bytes that do not inflate',
      () => openRow(keys, version, notDeflated()),
      'ENVELOPE_MALFORMED',
    ],
    ['a decompression bomb', () => openRow(keys, version, bomb()), 'ENVELOPE_MALFORMED'],
    [
      'to seal what it could not open',
      () => sealRow(keys, version, new Uint8Array(BOMB_SIZE_BYTES), random),
      'ENVELOPE_MALFORMED',
    ],
  ];
  it.each(cases)('%s', (_name, work, expected) => {
    expect(codeWhen(work)).toBe(expected);
  });
});

describe('holds', () => {
  it('under another master key: the same roots, and nothing for the key before', () => {
    const old = parseMasterKey('000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f');
    const both = new MasterKey(otherMaster.copyForHandOver(), old);
    expect(
      openCredential(openAccountKeys(both, 'account-1', ROOT), apiKey, CREDENTIAL).open(textOf),
    ).toBe('an api key');
    const root = resealAccountRoot(both, 'account-1', ROOT, random);
    const sentinel = resealRecordRoot(both, SENTINEL, random);
    both.wipePrevious();
    const again = openAccountKeys(both, 'account-1', root);
    expect(openCredential(again, apiKey, CREDENTIAL).open(textOf)).toBe('an api key');
    expect(openRecordRoot(both, sentinel).pseudonym('account-1')).toBe(PSEUDONYM);
    expect(codeWhen(() => openAccountKeys(both, 'account-1', ROOT))).toBe('KEY_UNKNOWN');
    expect(codeWhen(() => openAccountKeys(master, 'account-1', root))).toBe('KEY_UNKNOWN');
    expect(codeWhen(() => openRecordRoot(master, sentinel))).toBe('KEY_UNKNOWN');
    expect(() => old.copyForHandOver()).toThrow('A wiped secret was opened.');
  });

  it('without its root, an account cannot be read with the master key and everything else', () => {
    const sealed = sealRow(newKeys('account-3'), version, Buffer.from(ENTRIES), random);
    // Whatever can be made anew from the master key is another root.
    const again = sealAccountRoot(master, 'account-3', random);
    expect(
      codeWhen(() => openRow(openAccountKeys(master, 'account-3', again), version, sealed)),
    ).toBe('KEY_UNKNOWN');
  });

  it('wiped keys do not open, and the row gives them again', () => {
    const wiped = openAccountKeys(master, 'account-1', ROOT);
    wiped.wipe();
    expect(() => openRow(wiped, version, STATE)).toThrow('A wiped secret was opened.');
    expect(textOf(openRow(openAccountKeys(master, 'account-1', ROOT), version, STATE))).toBe(
      ENTRIES,
    );
  });

  it('a credential opens into a secret of its own bytes', () => {
    const opened = openCredential(keys, apiKey, CREDENTIAL);
    opened.wipe();
    expect(openCredential(keys, apiKey, CREDENTIAL).open(textOf)).toBe('an api key');
  });
});

function altered(envelope: Uint8Array): Uint8Array {
  return envelope.with(-1, (envelope.at(-1) ?? 0) ^ 1);
}

function notDeflated(): Uint8Array {
  return seal(keys.state, Buffer.from('no deflate stream'), stateContext(), random);
}

function bomb(): Uint8Array {
  return seal(keys.state, deflateRawSync(Buffer.alloc(BOMB_SIZE_BYTES)), stateContext(), random);
}

function stateContext(): Uint8Array {
  return contextBytes([
    ['sealed', 'state'],
    ['table', version.table],
    ['account', 'account-1'],
    ['version', '3'],
  ]);
}
