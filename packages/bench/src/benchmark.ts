// What a benchmark is. One file in `src/` and one line in `main.ts` make another.

export interface Benchmark {
  /** `pnpm bench NAME`. */
  readonly name: string;
  readonly summary: string;
  /** Lines of Markdown for docs/benchmarks.md, without the title. */
  readonly run: (progress: (line: string) => void) => Promise<readonly string[]>;
}
