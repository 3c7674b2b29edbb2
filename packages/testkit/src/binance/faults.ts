// What can go wrong on purpose, switchable while the simulator runs. A fault names an endpoint
// (`GET /api/v3/myTrades`, or `*`), may be limited to requests whose query contains `match`, may
// let the first `after` such requests pass, and ends after `times` of them.

import { Refusal, rateLimited, refusal } from './refusal.ts';

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

/** The faults that replace the whole answer. */
export function refuseByFault(faults: readonly Fault[], now: number): void {
  for (const fault of faults) {
    switch (fault.kind) {
      case 'http-429':
        throw rateLimited(429, fault.retryAfterS, now);
      case 'http-418':
        throw rateLimited(418, fault.retryAfterS, now);
      case 'http-403-html':
        throw new Refusal(403, HTML, HTML_HEADERS);
      case 'html-200':
        throw new Refusal(200, HTML, HTML_HEADERS);
      case 'http-451':
        throw refusal(451, 0, 'Service unavailable from a restricted location.');
      case 'http-500':
        throw refusal(500, -1000, 'An unknown error occurred while processing the request.');
      case 'http-503':
        throw new Refusal(503, 'Service Unavailable', { 'content-type': 'text/plain' });
      case 'maintenance':
        throw refusal(503, 1, 'System is under maintenance.');
      case 'wrong-key':
        throw refusal(401, -2015, 'Invalid API-key, IP, or permissions for action.');
      case 'skewed-clock':
        throw refusal(400, -1021, 'Timestamp for this request is outside of the recvWindow.');
      case 'hang':
      case 'cut-body':
      case 'stalled-body':
      case 'huge-body':
      case 'empty-page':
      case 'duplicate-rows':
      case 'reversed-rows':
      case 'late-row':
      case 'dropped-row':
        break;
    }
  }
}
