// What a house check answers: where a habit is broken, which one, and a sentence that says what to
// do.

export interface Violation {
  /** From the repository's root, with forward slashes. */
  readonly path: string;
  /** Counted from 1. */
  readonly line: number;
  readonly rule: string;
  readonly sentence: string;
}

export function printViolation(violation: Violation): string {
  return `${violation.path}:${violation.line} ${violation.rule}: ${violation.sentence}`;
}
