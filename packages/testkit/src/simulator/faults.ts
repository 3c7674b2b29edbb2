// What can go wrong on purpose, switchable while the simulator runs. A fault names an endpoint
// (`GET /api/v3/myTrades`, or `*`), may be limited to requests whose query contains `match`, may
// let the first `after` such requests pass, and ends after `times` of them.

export type FaultKind =
  | { readonly kind: 'http-429' | 'http-418'; readonly retryAfterS: number | null }
  | { readonly kind: 'http-403-html' | 'http-451' | 'http-500' | 'http-503' | 'maintenance' }
  | { readonly kind: 'wrong-key' | 'skewed-clock' | 'html-200' }
  | { readonly kind: 'hang' | 'cut-body' | 'stalled-body' }
  | { readonly kind: 'huge-body'; readonly sizeBytes: number }
  | { readonly kind: 'empty-page' | 'duplicate-rows' | 'reversed-rows' }
  /**
   * `row` counts the feed's rows from its oldest, from 0. A late row appears when the clock reaches
   * `until`.
   */
  | { readonly kind: 'late-row'; readonly row: number; readonly until: number }
  | { readonly kind: 'dropped-row'; readonly row: number };

export type Fault = FaultKind & {
  readonly endpoint: string;
  readonly match?: string;
  readonly after?: number;
  readonly times?: number;
};

export interface FaultSwitch {
  readonly add: (fault: Fault) => void;
  /** Ends the faults of one endpoint, or all. */
  readonly clear: (endpoint?: string) => void;
}

export interface Faults extends FaultSwitch {
  /** The faults that hit this request; each use is counted. */
  readonly take: (endpoint: string, query: string) => readonly Fault[];
}

const HTML = '<html><head><title>Request blocked</title></head><body>nothing to see</body></html>';
const HTML_HEADERS = { 'content-type': 'text/html' };

/** An answer other than what was asked for, with the venue's own codes and words. */
export class Refusal extends Error {
  readonly status: number;
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, body: string, headers: Readonly<Record<string, string>> = {}) {
    super(`HTTP ${status}`);
    this.status = status;
    this.body = body;
    this.headers = headers;
  }
}

/** Where a venue has words of its own for a fault; edges and proxies write HTML for any. */
export type FaultWords = Readonly<
  Partial<Record<FaultKind['kind'], (fault: Fault, now: number) => Refusal>>
>;
export function faultSwitch(initial: readonly Fault[]): Faults {
  let active = initial.map((fault) => ({ fault, seen: 0 }));
  return {
    add: (fault) => {
      active.push({ fault, seen: 0 });
    },
    clear: (endpoint) => {
      active = active.filter(({ fault }) => endpoint !== undefined && fault.endpoint !== endpoint);
    },
    take: (endpoint, query) =>
      active
        .filter(({ fault }) => fault.endpoint === '*' || fault.endpoint === endpoint)
        .filter(({ fault }) => fault.match === undefined || query.includes(fault.match))
        .filter((entry) => {
          entry.seen += 1;
          const first = entry.fault.after ?? 0;
          return entry.seen > first && entry.seen <= first + (entry.fault.times ?? Infinity);
        })
        .map(({ fault }) => fault),
  };
}

/** Throws for the faults that replace the whole answer. */
export function refuseByFault(faults: readonly Fault[], words: FaultWords, now: number): void {
  for (const fault of faults) {
    const own = words[fault.kind]?.(fault, now);
    if (own !== undefined) throw own;
    if (fault.kind === 'http-403-html') throw new Refusal(403, HTML, HTML_HEADERS);
    if (fault.kind === 'html-200') throw new Refusal(200, HTML, HTML_HEADERS);
    if (fault.kind === 'http-503') {
      throw new Refusal(503, 'Service Unavailable', { 'content-type': 'text/plain' });
    }
  }
}

/** A feed's rows, oldest first, without the rows that a fault withholds. */
export function served<Row>(
  faults: readonly Fault[],
  rows: readonly Row[],
  now: number,
): readonly Row[] {
  return rows.filter((_, index) =>
    faults.every(
      (fault) =>
        !(fault.kind === 'dropped-row' && fault.row === index) &&
        !(fault.kind === 'late-row' && fault.row === index && now < fault.until),
    ),
  );
}

/** Rows [first, first + limit), or what a fault makes of that page. */
export function cutPage<Row>(
  faults: readonly Fault[],
  rows: readonly Row[],
  first: number,
  limit: number,
): readonly Row[] {
  const hit = (kind: Fault['kind']): boolean => faults.some((fault) => fault.kind === kind);
  if (hit('empty-page')) return [];
  let page = rows.slice(first, first + limit);
  if (hit('duplicate-rows')) {
    page = first > 0 ? rows.slice(first - 1, first - 1 + limit) : [...page, ...page.slice(-1)];
  }
  return hit('reversed-rows') ? page.toReversed() : page;
}
