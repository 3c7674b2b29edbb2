// Credentials, segments, state and the sentinel: what each is bound to. Known answers were made
// with Python's `cryptography` 48 and zlib, for the master key 000102...1f and account-1.

import { deflateRawSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import { codeOf } from '@track-record/errors';
import { contextBytes } from './context.ts';
import { openCredential, sealCredential } from './credential.ts';
import { seal } from './envelope.ts';
import { parseMasterKey } from './key-hierarchy.ts';
import { Secret } from './secret.ts';
import { openSegment, openState, sealSegment, sealState } from './segment.ts';
import { proveSentinel, sealSentinel } from './sentinel.ts';

const HEADER = '545245019c8f248f53dbbd426465666768696a6b6c6d6e6f';
const CREDENTIAL = bytesOf(`${HEADER}be07e93f83a5b0ad301b5c7a26a8ec9ab46818491851978fe5cd`);
const SEGMENT = bytesOf(`${HEADER}6dcbe87eeb13f7252353b1917934c628cca29f2aae9373524383769e5d`);
const STATE = bytesOf(`${HEADER}b3dcdcfc141699ef1aea782e7c5ed27983c7879899fd979661652869fa`);
const SENTINEL = bytesOf(
  `${HEADER}a727da597506fdc49e968b94153a76778db20a2b4195d7e45097054a712a5e47704a05ee8fd1bca7`,
);
const ENTRIES = 'entries '.repeat(8);
const BOMB_SIZE_BYTES = 64 * 1024 * 1024 + 1;

const master = parseMasterKey('000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f');
const otherMaster = parseMasterKey('11'.repeat(32));
const keys = master.accountKeys('account-1');
const otherKeys = master.accountKeys('account-2');
const apiKey = { venue: 'binance', field: 'apiKey' };
const range = { table: 'sealed_segment', first: 1, last: 8 };
const version = { table: 'sealed_state', version: 3 };

function bytesOf(hex: string): Uint8Array {
  return Uint8Array.from(Buffer.from(hex, 'hex'));
}

function random(sizeBytes: number): Uint8Array {
  return new Uint8Array(sizeBytes).fill(9);
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
    expect(textOf(openSegment(keys, range, SEGMENT))).toBe(ENTRIES);
    expect(textOf(openState(keys, version, STATE))).toBe(ENTRIES);
    proveSentinel(master, SENTINEL);
  });

  it('what it sealed', () => {
    const value = new Secret(Uint8Array.from(Buffer.from('a secret')));
    const sealed = sealCredential(keys, apiKey, value, random);
    expect(openCredential(keys, apiKey, sealed).open(textOf)).toBe('a secret');
    const entries = Buffer.from(ENTRIES);
    expect(textOf(openSegment(keys, range, sealSegment(keys, range, entries, random)))).toBe(
      ENTRIES,
    );
    expect(textOf(openState(keys, version, sealState(keys, version, entries, random)))).toBe(
      ENTRIES,
    );
    proveSentinel(master, sealSentinel(master, random));
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
      'a credential of another master key',
      () => openCredential(otherMaster.accountKeys('account-1'), apiKey, CREDENTIAL),
      'KEY_UNKNOWN',
    ],
    [
      'a segment in another table',
      () => openSegment(keys, { ...range, table: 'other' }, SEGMENT),
      'ENVELOPE_REFUSED',
    ],
    [
      'a segment at another place of the sequence',
      () => openSegment(keys, { ...range, first: 2, last: 9 }, SEGMENT),
      'ENVELOPE_REFUSED',
    ],
    [
      'a segment said to end earlier',
      () => openSegment(keys, { ...range, last: 7 }, SEGMENT),
      'ENVELOPE_REFUSED',
    ],
    [
      'a segment of another account',
      () => openSegment(otherKeys, range, SEGMENT),
      'ENVELOPE_REFUSED',
    ],
    ['a segment as state', () => openState(keys, version, SEGMENT), 'ENVELOPE_REFUSED'],
    [
      'state of another version',
      () => openState(keys, { ...version, version: 4 }, STATE),
      'ENVELOPE_REFUSED',
    ],
    ['a sentinel of another master key', () => proveSentinel(otherMaster, SENTINEL), 'KEY_UNKNOWN'],
    ['an altered sentinel', () => proveSentinel(master, altered(SENTINEL)), 'KEY_UNKNOWN'],
    ['a cut sentinel', () => proveSentinel(master, SENTINEL.subarray(0, 30)), 'ENVELOPE_MALFORMED'],
    [
      'sealed bytes that do not inflate',
      () => openState(keys, version, notDeflated()),
      'ENVELOPE_MALFORMED',
    ],
    ['a decompression bomb', () => openState(keys, version, bomb()), 'ENVELOPE_MALFORMED'],
    [
      'to seal what it could not open',
      () => sealState(keys, version, new Uint8Array(BOMB_SIZE_BYTES), random),
      'ENVELOPE_MALFORMED',
    ],
  ];
  it.each(cases)('%s', (_name, work, expected) => {
    expect(codeWhen(work)).toBe(expected);
  });
});

describe('holds', () => {
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
