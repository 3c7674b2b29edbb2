// The Flex Web Service on this machine: two requests, its refusals in its own words, and its count
// of requests by token. It shares no code with the connector.

import { startVenueServer } from '../simulator/server.ts';

export const FLEX_TOKEN = '123456789012345678901234';
export const FLEX_QUERY = '123456';

export interface FlexSimulator {
  readonly port: number;
  /** The paths that were asked, in their order. */
  readonly asked: string[];
  /** Codes that the next requests are answered with, one each. */
  readonly refuseWith: string[];
  /** Whole answers that the next requests for a statement get instead. */
  readonly sendInstead: string[];
  /** What a request is told to ask next. */
  statementUrl: string;
  statement: string;
  readonly close: () => Promise<void>;
}

const PATH = '/AccountManagement/FlexWebService';
const HOSTS = ['ndcdyn.interactivebrokers.com', 'gdcdyn.interactivebrokers.com'];
/** Requests of one token in a second, and in a minute. */
const SPACING_MS = 900;
const PER_MINUTE = 10;

export async function startFlexSimulator(statement: string): Promise<FlexSimulator> {
  const times: number[] = [];
  const asked: string[] = [];
  const refuseWith: string[] = [];
  const sendInstead: string[] = [];
  const server = await startVenueServer(undefined, ({ url = '', headers }) => {
    const { pathname, searchParams } = new URL(url, 'http://localhost');
    asked.push(pathname.replace(`${PATH}/`, ''));
    const answer = (body: string, status = 200) => ({
      status,
      headers: { 'content-type': 'text/xml' },
      body,
      faults: [],
    });
    const isKnown = HOSTS.includes(headers.host ?? '') && pathname.startsWith(PATH);
    if (!isKnown || headers['user-agent'] === undefined) return answer('<html>Error</html>', 403);
    const code = refuseWith.shift() ?? refusalOf(searchParams);
    if (code !== null) return answer(flexAnswer({ Status: 'Fail', ErrorCode: code }));
    if (pathname.endsWith('SendRequest')) {
      const told = { Status: 'Success', ReferenceCode: '77', Url: simulator.statementUrl };
      return answer(flexAnswer(told));
    }
    return answer(sendInstead.shift() ?? simulator.statement);
  });
  const simulator: FlexSimulator = {
    ...server,
    asked,
    refuseWith,
    sendInstead,
    statementUrl: `https://gdcdyn.interactivebrokers.com${PATH}/GetStatement`,
    statement,
  };
  return simulator;

  function refusalOf(params: URLSearchParams): string | null {
    const now = performance.now();
    const recent = times.filter((each) => each > now - 60_000);
    times.push(now);
    if (params.get('v') !== '3') return '1020';
    if (params.get('t') !== FLEX_TOKEN) return '1015';
    const isFast = recent.some((each) => each > now - SPACING_MS);
    if (isFast || recent.length >= PER_MINUTE) return '1018';
    const reference = params.get('q');
    if (reference === '77' || reference === FLEX_QUERY) return null;
    return '1014';
  }
}

export function flexAnswer(fields: Readonly<Record<string, string>>): string {
  const told = Object.entries(fields).map(([name, text]) => `<${name}>${text}</${name}>`);
  const timestamp = '22 November, 2026 08:00 AM EST';
  return `<FlexStatementResponse timestamp="${timestamp}">${told.join('')}</FlexStatementResponse>`;
}
