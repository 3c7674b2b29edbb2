// Evidence that is at hand: collected at start and renewed on a timer, so that who asks for it gets
// what is there and never makes the security processor work. Whoever wants newer evidence shares
// one request per half minute with everybody else.

import type { Evidence } from '../evidence.ts';

/** Renewals and wishes for fresh evidence together ask no more often than this. */
const APART_MS = 30_000;
/** Workers that were started together spread their renewals over this share of the interval. */
const JITTER_SHARE = 0.1;

export interface KeepEvidenceOptions {
  /** Asks the security processor once. */
  readonly collect: () => Promise<Evidence>;
  /** Milliseconds that only grow: the host may set the time of day back. */
  readonly elapsed: () => number;
  /** Calls back once; gives what cancels it. */
  readonly after: (delayMs: number, act: () => void) => () => void;
  readonly intervalMs: number;
  /** From 0 to below 1. */
  readonly jitter: () => number;
  readonly onFailure: (error: unknown) => void;
}

export interface EvidenceKeeper {
  /** What is at hand, however old: old evidence with its age is more than none. */
  readonly current: () => { readonly evidence: Evidence; readonly ageMs: number };
  /** The answer to the last request, or to a new one when that is half a minute ago. */
  readonly fresh: () => Promise<Evidence>;
  readonly stop: () => void;
}

/** The first evidence decides: without it there is no keeper, and the failure is the caller's. */
export async function keepEvidence(options: KeepEvidenceOptions): Promise<EvidenceKeeper> {
  const { collect, elapsed, after, intervalMs, jitter, onFailure } = options;
  let askedAt = elapsed();
  let kept = { evidence: await collect(), at: askedAt };
  let last = Promise.resolve(kept.evidence);
  let isAsking = false;
  let cancel = plan();

  function fresh(): Promise<Evidence> {
    if (!isAsking && elapsed() - askedAt >= APART_MS) last = ask();
    return last;
  }

  async function ask(): Promise<Evidence> {
    isAsking = true;
    askedAt = elapsed();
    const at = askedAt;
    try {
      const evidence = await collect();
      kept = { evidence, at };
      return evidence;
    } finally {
      isAsking = false;
    }
  }

  function plan(): () => void {
    return after(intervalMs * (1 - JITTER_SHARE * jitter()), () => {
      cancel = plan();
      fresh().catch(onFailure);
    });
  }

  return {
    current: () => ({ evidence: kept.evidence, ageMs: elapsed() - kept.at }),
    fresh,
    stop: () => cancel(),
  };
}
