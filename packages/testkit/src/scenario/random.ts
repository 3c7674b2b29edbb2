// Seeded pseudo-randomness in 32-bit integer steps only, so that the same seed gives the same bytes
// on every machine. Not for secrets: the "secrets" it makes are markers for leak tests.

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ';
const ALPHANUMERIC = `${LETTERS}${LETTERS.toLowerCase()}0123456789`;

export interface Random {
  /** Integer in [0, limit). */
  readonly below: (limit: number) => number;
  /** Integer in [low, high]. */
  readonly between: (low: number, high: number) => number;
  readonly bigBelow: (limit: bigint) => bigint;
  readonly letters: (length: number) => string;
  readonly alphanumeric: (length: number) => string;
}

/** One 32-bit hash of integers (murmur3 finaliser after each word). */
export function hash32(...words: readonly number[]): number {
  let state = 0x9e3779b9;
  for (const word of words) {
    state = Math.imul(state ^ (word >>> 0) ^ Math.floor(word / 2 ** 32), 0x85ebca6b);
    state = Math.imul(state ^ (state >>> 13), 0xc2b2ae35);
    state ^= state >>> 16;
  }
  return state >>> 0;
}

export function seededRandom(seed: number): Random {
  let state = hash32(seed);
  // splitmix32: one counter, full period, good enough for price noise and order sizes.
  const next = (): number => {
    state = (state + 0x9e3779b9) | 0;
    let mixed = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
    return (mixed ^ (mixed >>> 15)) >>> 0;
  };
  const below = (limit: number): number => Math.floor((next() / 2 ** 32) * limit);
  const spell = (alphabet: string, length: number): string =>
    Array.from({ length }, () => alphabet.charAt(below(alphabet.length))).join('');
  return {
    below,
    between: (low, high) => low + below(high - low + 1),
    bigBelow: (limit) => ((BigInt(next()) << 32n) | BigInt(next())) % limit,
    letters: (length) => spell(LETTERS, length),
    alphanumeric: (length) => spell(ALPHANUMERIC, length),
  };
}
