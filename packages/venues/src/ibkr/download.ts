// The Flex Web Service, version 3: a request that names a query, and the statement fetched from the
// address that the answer gives. The token is part of the address: it is sent to the hosts of the
// manifest only, and no address is kept, logged or part of an error. Accounts behind one token
// share what was fetched, because the service counts requests by token.

import assert from 'node:assert';
import { createHash } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { RecordError } from '@track-record/errors';
import * as undici from 'undici';
import { createDispatcher } from '../ccxt/dispatcher.ts';
import { codesOf, refusalOfAnswer, refusalOfThrown, type RefusalTable } from '../ccxt/refusals.ts';
import { shape } from '../ccxt/rows.ts';
import type { VenueContext } from '../contract.ts';
import { readFlex, type FlexDocument } from './statement.ts';

export const HOSTS = ['ndcdyn.interactivebrokers.com', 'gdcdyn.interactivebrokers.com'];
const SEND = `https://${HOSTS[0]}/AccountManagement/FlexWebService/SendRequest`;
/** The statement is being made, which takes seconds for most and minutes for large ones. */
const IN_PROGRESS = '1019';
const POLL_MS = 5_000;
/** A token may ask once a second and ten times a minute. */
const SPACING_MS = 1_100;
const DEADLINE_MS = 240_000;
/** Statements change once a day. A refusal is not asked for again while the service counts it. */
const SHARED_MS = 600_000;
const REFUSED_MS = 60_000;
/** Refused without a name of the client; compressed, a body would pass the size cap and grow. */
const HEADERS = { 'user-agent': 'track-record', 'accept-encoding': 'identity' };

/** 1010 to 1017 and 1020 last until somebody acts. */
const REFUSALS: RefusalTable = {
  codeIn: 'ErrorCode',
  byCode: codesOf([
    ['VENUE_UNAVAILABLE', '1001, 1002, 1003, 1004, 1005, 1006, 1007, 1008, 1009, 1019, 1021'],
    ['VENUE_RATE_LIMITED', '1018'],
    ['VENUE_IP_REJECTED', '1013'],
    ['VENUE_KEY_REJECTED', '1011, 1012, 1015'],
    ['VENUE_SCOPE_MISSING', '1010, 1014, 1016'],
    ['VENUE_UNEXPECTED_SHAPE', '1017, 1020'],
  ]),
};

interface Download {
  readonly document: FlexDocument;
  readonly requests: number;
}

const shared = new Map<string, { download: Promise<Download>; expiresAt: number }>();

/** The statements of a query; one download serves all who ask within ten minutes. */
export async function fetchStatements(
  token: string,
  query: string,
  context: VenueContext,
): Promise<Download> {
  const now = context.now();
  for (const [key, { expiresAt }] of shared) if (expiresAt <= now) shared.delete(key);
  // Under a digest: the token itself is not held longer than the request.
  const subject = JSON.stringify([token, query, context.egress]);
  const key = createHash('sha256').update(subject).digest('hex');
  const known = shared.get(key);
  if (known !== undefined) return { ...(await known.download), requests: 0 };
  const entry = { download: download(token, query, context), expiresAt: now + SHARED_MS };
  shared.set(key, entry);
  try {
    return await entry.download;
  } catch (error) {
    entry.expiresAt = now + REFUSED_MS;
    throw error;
  }
}

async function download(token: string, query: string, context: VenueContext): Promise<Download> {
  const dispatcher = createDispatcher(undici, new Set(HOSTS), context.egress, 'markets');
  assert(dispatcher instanceof undici.Agent);
  const signal = AbortSignal.any([context.signal, AbortSignal.timeout(DEADLINE_MS)]);
  let requests = 0;
  const ask = async (address: string, subject: string): Promise<FlexDocument> => {
    const url = allowedUrl(address);
    url.search = new URLSearchParams({ t: token, q: subject, v: '3' }).toString();
    requests += 1;
    const answer = await undici.request(url, { dispatcher, signal, headers: HEADERS });
    const { statusCode: status, headers, body } = answer;
    // An answer without one word, or a page of a failing edge, says nothing of the query.
    if (status === 200 && headers['content-length'] !== '0') return await readFlex(body);
    await body.dump();
    throw status === 200 ? new RecordError('VENUE_UNAVAILABLE') : refusalOf(status, {});
  };
  try {
    const { answer } = await ask(SEND, query);
    const { Status: status, ReferenceCode: reference, Url: address } = answer;
    if (status !== 'Success') throw refusalOf(200, answer);
    for (let pause = SPACING_MS; ; pause = POLL_MS) {
      await wait(pause, null, { signal });
      const document = await ask(String(address), String(reference));
      if (document.root === 'FlexQueryResponse') return { document, requests };
      if (document.answer['ErrorCode'] !== IN_PROGRESS) throw refusalOf(200, document.answer);
    }
  } catch (error) {
    throw signal.aborted ? new RecordError('VENUE_UNAVAILABLE') : refusalOfThrown(error);
  } finally {
    await dispatcher.destroy();
  }
}

/** Before the token becomes part of it. */
function allowedUrl(address: string): URL {
  const url = URL.parse(address);
  const isAllowed = url?.protocol === 'https:' && url.port === '' && HOSTS.includes(url.hostname);
  if (url === null || !isAllowed) throw new RecordError('VENUE_HOST_REFUSED');
  return url;
}

function refusalOf(status: number, json: FlexDocument['answer']): RecordError {
  // The service names no wait; it forgets a request after a minute.
  const headers = { 'Retry-After': String(REFUSED_MS / 1_000) };
  const refusal = refusalOfAnswer(REFUSALS, { status, headers, json, isEmpty: false });
  return refusal ?? shape('ErrorCode');
}
