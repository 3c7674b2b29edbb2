// The database's `record.take_tokens` and `record.close_venue` on a clock of the simulation's own.
// A test asks both the same questions and expects the same answers.

const MINUTE_S = 60;
const HOUR_S = 3_600;
const AVERAGE_OF = 0.1;

export interface Question {
  readonly waiting: number;
  readonly jobs: number;
  readonly isBackfill: boolean;
  /** Seconds that the first of them has waited. */
  readonly waited: number;
  readonly unclaimed: number;
  readonly settled: number;
  readonly correction: number;
}

export class Bucket {
  readonly #perMinute: number;
  readonly #burst: number;
  #tokens: number;
  readonly #costs: { hour: number; backfill: number };
  #countedAt = 0;
  #closedUntil: number | null = null;

  constructor(perMinute: number, burst: number, costs: { hour: number; backfill: number }) {
    this.#perMinute = perMinute;
    this.#burst = burst;
    this.#tokens = burst;
    this.#costs = { ...costs };
  }

  cost(kind: 'hour' | 'backfill'): number {
    return this.#costs[kind];
  }

  take(now: number, question: Question): number {
    const waiting = Math.min(question.waiting, question.jobs);
    const { unclaimed, settled, correction } = question;
    if (waiting === 0 && unclaimed === 0 && settled === 0) return 0;
    const kind = question.isBackfill ? 'backfill' : 'hour';
    const filled = (this.#perMinute / MINUTE_S) * Math.max(0, now - this.#countedAt);
    const counted = this.#tokens - correction + unclaimed * this.#costs[kind] + filled;
    const tokens = Math.min(this.#burst, counted);
    if (settled > 0) {
      const average = this.#costs[kind] + (AVERAGE_OF * correction) / settled;
      this.#costs[kind] = Math.max(1, average);
    }
    const cost = this.#costs[kind];
    const left = Math.max(0, 1 - question.waited / HOUR_S);
    const kept = question.isBackfill ? (this.#burst / 2) * left : 0;
    const isOpen = this.#closedUntil === null || this.#closedUntil <= now;
    const most = Math.max(Math.floor((tokens - kept) / cost), tokens >= this.#burst ? 1 : 0, 0);
    const granted = isOpen ? Math.min(waiting, most) : 0;
    this.#tokens = tokens - granted * cost;
    this.#countedAt = Math.max(this.#countedAt, now);
    return granted;
  }

  close(now: number, seconds: number): void {
    this.#tokens = 0;
    this.#closedUntil = Math.max(this.#closedUntil ?? 0, now + seconds);
    this.#countedAt = Math.max(this.#countedAt, now + seconds);
  }
}
