// An answer other than 200, with Binance's own codes and words
// (developers.binance.com: spot "Error codes", wallet "Error codes", USD-M "Error codes").

/** The first ban lasts two minutes; it grows with repeats. */
const BAN_USUAL_S = 120;

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
