// A secret never shows itself where programs print things (regression for field-lessons S11).

import { inspect } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { Secret } from './secret.ts';

const MARKER = 'marker-of-a-secret';

function secretOf(text: string): Secret {
  return new Secret(new TextEncoder().encode(text));
}

describe('accepts', () => {
  it('gives its bytes for the length of one call', () => {
    expect(secretOf(MARKER).open((bytes) => new TextDecoder().decode(bytes))).toBe(MARKER);
  });
});

describe('refuses', () => {
  it('to be opened once wiped', () => {
    const secret = secretOf(MARKER);
    secret.wipe();
    expect(() => secret.open((bytes) => bytes.length)).toThrow('A wiped secret was opened.');
  });
});

describe('holds', () => {
  const secret = secretOf(MARKER);
  const prints: readonly (readonly [string, string])[] = [
    ['String()', String(secret)],
    ['template', `${secret.toString()}!`],
    ['JSON', JSON.stringify({ secret })],
    ['inspect', inspect({ nested: [secret] }, { depth: 9, showHidden: true })],
    ['error', inspect(new Error('failed', { cause: secret }))],
    ['keys', Object.keys(secret).join()],
  ];
  it.each(prints)('%s does not show it', (_name, printed) => {
    expect(printed).not.toContain(MARKER);
    expect(printed).not.toMatch(/109,\s*97,\s*114|6d ?61 ?72/);
  });

  it('S11 wiped-is-wiped: the bytes it was given are overwritten', () => {
    const bytes = new TextEncoder().encode(MARKER);
    const owned = new Secret(bytes);
    owned.wipe();
    owned.wipe();
    expect(bytes.every((byte) => byte === 0)).toBe(true);
  });
});
