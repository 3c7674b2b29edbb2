// How it is told why a mutant may live, and what is told of several.

export interface Excuse {
  /** The end of the path. */
  readonly path: string;
  readonly before: RegExp;
  readonly after?: RegExp;
  /** The line in which it stands. */
  readonly text?: RegExp;
  readonly reason: string;
}

export const SAME_ORDER = 'equivalent: no two have one name, or their order makes no difference';
export const SAME_POWER = 'equivalent: ten to the power of zero is one';
export const SAME_SCALE = 'equivalent: at the scale it has a value stays as it is';
export const CAPACITY = 'equivalent: memory that is larger, or grows at another time';
export const SPEED = 'equivalent: names are found slower, and are the same';
export const BEFORE_READ = 'equivalent: it is set before it is read';
export const BELOW_DIGITS = 'a few units of the fiftieth digit, of which thirty are printed';
