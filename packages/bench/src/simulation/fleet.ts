// One venue's day, second by second: its accounts, its two queues, the workers that serve them and
// the buckets that admit them. What decides is the worker's own: the spread and the room of the
// dispatcher, the retries of the queue, the slots of the loops, the bucket. What a venue does is
// assumed.

import { routePolicy } from '@track-record/jobs/queue';
import { BACKFILLS_WAITING_MAX, SPREAD_MS, WAITING_MAX } from '@track-record/store';
import { SLOTS_PER_BACKFILL_SLOT } from '@track-record/worker/serve-queue';
import { Bucket } from './bucket.ts';

const HOUR_S = 3_600;
const DISPATCH_S = 60;
/** A client gives an answer up after this long. */
const HANG_S = 120;

export interface VenueOptions {
  readonly venue: string;
  readonly accounts: number;
  readonly finalityLagS: number;
  /** Of an hourly job, on average. */
  readonly requests: number;
  readonly requestMs: number;
  /** Of one address. */
  readonly perMinute: number;
  readonly addresses: number;
  readonly slots: number;
  /** When it does not answer, answers nothing in time, or says that it is asked too much. */
  readonly trouble: { readonly kind: Trouble; readonly from: number; readonly to: number } | null;
  /** One owner connects so many accounts at this second. */
  readonly flood: { readonly accounts: number; readonly at: number } | null;
  readonly random: () => number;
}

export type Trouble = 'outage' | 'hang' | 'limit';

/** Of the floods: pages of years. */
const BACKFILL = { requests: 400, seconds: 120 };

interface Job {
  readonly account: number;
  attempt: number;
}

export interface VenueDay {
  readonly published: number;
  readonly missing: number;
  /** Seconds from the instant at which an hour was final to its signature, in order. */
  readonly lateness: Float64Array;
  readonly requests: number;
  readonly requestsPerMinuteMax: number;
  readonly waitingMax: number;
  readonly runningMax: number;
  readonly backfilled: number;
}

export class SimulatedVenue {
  readonly #options: VenueOptions;
  readonly #moments: Float64Array;
  /** Hours signed, from the day's first. */
  readonly #signed: Int16Array;
  readonly #isQueued: Uint8Array;
  readonly #buckets: Bucket[];
  readonly #ready: Job[] = [];
  readonly #later = new Map<number, Job[]>();
  readonly #ends = new Map<number, (() => void)[]>();
  readonly #lateness: number[] = [];
  #backfillsReady: number[] = [];
  #backfillsLeft = 0;
  #running = 0;
  #backfilling = 0;
  #retrying = 0;
  #requests = 0;
  #minuteRequests = 0;
  #requestsPerMinuteMax = 0;
  #waitingMax = 0;
  #runningMax = 0;
  #backfilled = 0;

  constructor(options: VenueOptions) {
    const { accounts, random, perMinute, addresses } = options;
    this.#options = options;
    this.#moments = Float64Array.from({ length: accounts }, () => (random() * SPREAD_MS) / 1_000);
    this.#signed = new Int16Array(accounts);
    this.#isQueued = new Uint8Array(accounts);
    this.#buckets = Array.from(
      { length: addresses },
      () => new Bucket(perMinute, perMinute, { hour: options.requests, backfill: 200 }),
    );
  }

  /** One second passes. */
  tick(now: number): void {
    for (const end of takeOut(this.#ends, now)) end();
    for (const job of takeOut(this.#later, now)) {
      this.#retrying -= 1;
      this.#ready.push(job);
    }
    if (now === this.#options.flood?.at) this.#backfillsLeft = this.#options.flood.accounts;
    if (now % DISPATCH_S === 0) this.#dispatch(now);
    for (const bucket of this.#buckets) {
      this.#admit(bucket, now);
      this.#admitBackfills(bucket, now);
    }
    this.#waitingMax = Math.max(this.#waitingMax, this.#ready.length + this.#retrying);
    this.#runningMax = Math.max(this.#runningMax, this.#running + this.#backfilling);
    if (now % 60 === 0) {
      this.#requestsPerMinuteMax = Math.max(this.#requestsPerMinuteMax, this.#minuteRequests);
      this.#minuteRequests = 0;
    }
  }

  day(hours: number): VenueDay {
    const published = this.#signed.reduce((sum, each) => sum + each, 0);
    return {
      published,
      missing: this.#options.accounts * hours - published,
      lateness: Float64Array.from(this.#lateness).toSorted(),
      requests: this.#requests,
      requestsPerMinuteMax: this.#requestsPerMinuteMax,
      waitingMax: this.#waitingMax,
      runningMax: this.#runningMax,
      backfilled: this.#backfilled,
    };
  }

  /** As `dueAccounts` and `newAccounts`. */
  #dispatch(now: number): void {
    const final = this.#finalHours(now);
    const finalFor = now - this.#finalAt(final);
    let room = WAITING_MAX - this.#ready.length - this.#retrying;
    for (let account = 0; account < this.#options.accounts && room > 0; account += 1) {
      const behind = final - (this.#signed[account] ?? 0);
      const isDue = behind > 1 || (behind === 1 && (this.#moments[account] ?? 0) <= finalFor);
      if (!isDue || this.#isQueued[account] === 1) continue;
      this.#isQueued[account] = 1;
      this.#ready.push({ account, attempt: 0 });
      room -= 1;
    }
    const fresh = Math.min(
      this.#backfillsLeft,
      BACKFILLS_WAITING_MAX - this.#backfillsReady.length,
    );
    this.#backfillsLeft -= fresh;
    this.#backfillsReady.push(...Array.from({ length: fresh }, () => now));
  }

  #admit(bucket: Bucket, now: number): void {
    const free = this.#options.slots * this.#options.addresses - this.#running;
    const share = Math.min(this.#options.slots, free);
    const waiting = this.#ready.length;
    const asked = { isBackfill: false, waited: 0, unclaimed: 0, settled: 0, correction: 0 };
    const granted = bucket.take(now, { ...asked, waiting, jobs: share });
    for (const job of this.#ready.splice(0, granted)) this.#run(job, bucket, now);
  }

  #run(job: Job, bucket: Bucket, now: number): void {
    const { requests, requestMs, random } = this.#options;
    this.#running += 1;
    const trouble = this.#troubleAt(now);
    if (trouble === null) {
      const asked = Math.max(1, Math.round(requests * (0.5 + random())));
      this.#ask(asked);
      const seconds = Math.max(1, Math.round((asked * requestMs) / 1_000));
      this.#end(now + seconds, () => this.#sign(job, now + seconds));
      return;
    }
    this.#ask(1);
    if (trouble === 'limit') bucket.close(now, 60);
    const seconds = trouble === 'hang' ? HANG_S : 1;
    this.#end(now + seconds, () => this.#fail(job, now + seconds, trouble === 'limit'));
  }

  /** Every hour that is final by now. */
  #sign({ account }: Job, now: number): void {
    this.#running -= 1;
    const final = this.#finalHours(now);
    for (let hour = this.#signed[account] ?? 0; hour < final; hour += 1) {
      this.#lateness.push(now - this.#finalAt(hour + 1));
    }
    this.#signed[account] = Math.max(this.#signed[account] ?? 0, final);
    this.#isQueued[account] = 0;
  }

  /** As pg-boss backs off, and as a wait that a venue named uses up no attempt. */
  #fail(job: Job, now: number, isNamed: boolean): void {
    const { retryLimit, retryDelay, retryDelayMax } = routePolicy;
    this.#running -= 1;
    if (!isNamed) job.attempt += 1;
    if (job.attempt > retryLimit) {
      this.#isQueued[job.account] = 0;
      return;
    }
    const backoff = retryDelay * 2 ** Math.max(0, job.attempt - 1) * (1 + this.#options.random());
    const seconds = isNamed ? 60 : Math.ceil(Math.min(retryDelayMax, backoff));
    this.#retrying += 1;
    const at = this.#later.get(now + seconds) ?? [];
    at.push(job);
    this.#later.set(now + seconds, at);
  }

  #admitBackfills(bucket: Bucket, now: number): void {
    const slots = Math.ceil(this.#options.slots / SLOTS_PER_BACKFILL_SLOT);
    const jobs = Math.min(slots, slots * this.#options.addresses - this.#backfilling);
    const [first = now] = this.#backfillsReady;
    const waiting = this.#backfillsReady.length;
    // A backfill asks more than an hour's job: what it asked beyond is settled with the next claim.
    const correction = BACKFILL.requests - bucket.cost('backfill');
    const asked = { unclaimed: 0, settled: 0, correction: 0, waited: now - first };
    const granted = bucket.take(now, { ...asked, isBackfill: true, waiting, jobs });
    this.#backfillsReady = this.#backfillsReady.slice(granted);
    for (let job = 0; job < granted; job += 1) {
      this.#backfilling += 1;
      this.#ask(BACKFILL.requests);
      this.#end(now + BACKFILL.seconds, () => {
        this.#backfilling -= 1;
        this.#backfilled += 1;
        const none = { waiting: 0, jobs: 0, waited: 0, isBackfill: true, unclaimed: 0 };
        bucket.take(now + BACKFILL.seconds, { ...none, settled: 1, correction });
      });
    }
  }

  #end(at: number, end: () => void): void {
    const ends = this.#ends.get(at) ?? [];
    ends.push(end);
    this.#ends.set(at, ends);
  }

  #ask(requests: number): void {
    this.#requests += requests;
    this.#minuteRequests += requests;
  }

  #troubleAt(now: number): Trouble | null {
    const { trouble } = this.#options;
    return trouble !== null && now >= trouble.from && now < trouble.to ? trouble.kind : null;
  }

  #finalHours(now: number): number {
    return Math.max(0, Math.floor((now - this.#lag()) / HOUR_S));
  }

  #finalAt(hours: number): number {
    return hours * HOUR_S + this.#lag();
  }

  /** A lag of whole hours moves the day and changes nothing in it. */
  #lag(): number {
    return this.#options.finalityLagS % HOUR_S;
  }
}

function takeOut<Item>(at: Map<number, Item[]>, now: number): readonly Item[] {
  const items = at.get(now) ?? [];
  at.delete(now);
  return items;
}
