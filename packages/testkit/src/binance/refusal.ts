// An answer other than 200, with Binance's own codes and words
// (developers.binance.com: spot "Error codes", wallet "Error codes", USD-M "Error codes").

import { Refusal, type Fault, type FaultWords } from '../simulator/faults.ts';

/** The first ban lasts two minutes; it grows with repeats. */
const BAN_USUAL_S = 120;

export function refusal(status: number, code: number, msg: string): Refusal {
  return new Refusal(status, JSON.stringify({ code, msg }));
}

export function missing(parameter: string): Refusal {
  const words = `Mandatory parameter '${parameter}' was not sent, was empty/null, or malformed.`;
  return refusal(400, -1102, words);
}

/** `retryAfterS` null: the header is left out, as intermediaries between us and the venue do. */
export function rateLimited(status: 429 | 418, retryAfterS: number | null, now: number): Refusal {
  const until = now + (retryAfterS ?? BAN_USUAL_S) * 1_000;
  const msg =
    status === 429
      ? 'Too much request weight used; current limit is 6000 request weight per 1 MINUTE. ' +
        'Please use WebSocket Streams for live updates to avoid polling the API.'
      : `Way too much request weight used; IP banned until ${until}. ` +
        'Please use WebSocket Streams for live updates to avoid bans.';
  const headers = retryAfterS === null ? {} : { 'retry-after': String(retryAfterS) };
  return new Refusal(status, JSON.stringify({ code: -1003, msg }), headers);
}

export const faultWords: FaultWords = {
  'http-429': (fault, now) => rateLimited(429, retryAfterOf(fault), now),
  'http-418': (fault, now) => rateLimited(418, retryAfterOf(fault), now),
  'http-451': () => refusal(451, 0, 'Service unavailable from a restricted location.'),
  'http-500': () => refusal(500, -1000, 'An unknown error occurred while processing the request.'),
  maintenance: () => refusal(503, 1, 'System is under maintenance.'),
  'wrong-key': () => refusal(401, -2015, 'Invalid API-key, IP, or permissions for action.'),
  'skewed-clock': () =>
    refusal(400, -1021, 'Timestamp for this request is outside of the recvWindow.'),
};

function retryAfterOf(fault: Fault): number | null {
  return 'retryAfterS' in fault ? fault.retryAfterS : null;
}
