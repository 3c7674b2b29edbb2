// What became of every mutant that was tried, kept in a file that is not committed, so that a check
// that was stopped goes on where it was. An outcome holds as long as its source file is the same: a
// mutant that a test killed stays killed while tests are only added.

import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { repositoryRoot } from '../repository.ts';
import type { Mutant } from './mutants.ts';

const KEPT = path.join(repositoryRoot, '.track-record/mutation.json');

export class Outcomes {
  /** The test that killed it, by what names a mutant; null for one that lived. */
  readonly #kept = new Map<string, string | null>();
  readonly #firstIds: ReadonlyMap<string, number>;
  readonly #hashes: ReadonlyMap<string, string>;

  /** `firstIds`: source files and the number of their first mutant. */
  constructor(firstIds: readonly (readonly [string, number])[]) {
    this.#firstIds = new Map(firstIds);
    this.#hashes = new Map(firstIds.map(([file]) => [file, hashOf(file)]));
    if (!existsSync(KEPT)) return;
    const kept: Record<string, string | null> = JSON.parse(readFileSync(KEPT, 'utf8'));
    for (const [name, killedBy] of Object.entries(kept)) this.#kept.set(name, killedBy);
  }

  /** undefined for one that was not tried. */
  of(mutant: Mutant): string | null | undefined {
    return this.#kept.get(this.#nameOf(mutant));
  }

  set(mutant: Mutant, killedBy: string | null): void {
    this.#kept.set(this.#nameOf(mutant), killedBy);
  }

  keep(): void {
    mkdirSync(path.dirname(KEPT), { recursive: true });
    writeFileSync(KEPT, JSON.stringify(Object.fromEntries(this.#kept), null, 1));
  }

  #nameOf({ id, path: file }: Mutant): string {
    return `${file} ${this.#hashes.get(file)} ${id - (this.#firstIds.get(file) ?? 0)}`;
  }
}

function hashOf(file: string): string {
  const text = readFileSync(path.join(repositoryRoot, file));
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}
