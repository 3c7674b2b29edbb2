// A simulated venue from a table of its endpoints. What differs between venues stands in the
// venue's one file: its hosts, how a request is signed, how it refuses, and what each endpoint
// answers out of the scenario. Checks, faults, counting and the server are the same for all.

import type { IncomingHttpHeaders } from 'node:http';
import type { Scenario } from '../scenario/build-scenario.ts';
import { faultSwitch, Refusal, refuseByFault, type Fault, type FaultWords } from './faults.ts';
import { toJson, type Json } from './json.ts';
import { startVenueServer, type Simulator } from './server.ts';

export interface VenueCall {
  readonly now: number;
  readonly params: URLSearchParams;
  /** As it was sent, where the venue is asked in JSON. */
  readonly body: string;
  readonly faults: readonly Fault[];
}

/** What a signature is over. */
export interface VenueRequest {
  readonly method: string;
  /** Path and query as they were sent. */
  readonly url: string;
  readonly body: string;
  readonly headers: IncomingHttpHeaders;
  readonly now: number;
}

export interface VenueEndpoint {
  readonly isSigned: boolean;
  readonly answer: (call: VenueCall) => Json;
}

/** By `GET /api/v5/public/time`. */
export type Endpoints = Readonly<Record<string, VenueEndpoint>>;

export interface VenueTable<Told> {
  readonly hosts: readonly string[];
  /** What is answered out of a scenario. */
  readonly endpoints: readonly ((scenario: Told) => Endpoints)[];
  /** Throws the venue's refusal of a key, a clock or a signature. */
  readonly checkSigned: (request: VenueRequest, scenario: Told) => void;
  readonly words: FaultWords;
}

export interface SimulatorOptions<Told = Scenario> {
  readonly scenario: Told;
  /** The venue's clock, milliseconds UTC. */
  readonly now: () => number;
  readonly faults?: readonly Fault[];
  readonly port?: number;
}

const JSON_TYPE = { 'content-type': 'application/json' };

export async function startTable<Told>(
  { hosts, endpoints: tables, checkSigned, words }: VenueTable<Told>,
  options: SimulatorOptions<Told>,
): Promise<Simulator> {
  const { scenario } = options;
  const endpoints = Object.fromEntries(tables.flatMap((table) => Object.entries(table(scenario))));
  const faults = faultSwitch(options.faults ?? []);
  const requests = new Map<string, number>();
  const server = await startVenueServer(
    options.port,
    ({ method = '', url = '', headers }, body) => {
      const now = options.now();
      const [path = '', query = ''] = url.split('?');
      const name = `${method} ${path}`;
      requests.set(name, (requests.get(name) ?? 0) + 1);
      const taken = faults.take(name, query + body);
      try {
        refuseByFault(taken, words, now);
        const endpoint = hosts.includes(headers.host ?? '') ? endpoints[name] : undefined;
        if (endpoint === undefined) throw new Refusal(404, '<html>Not found</html>');
        if (endpoint.isSigned) checkSigned({ method, url, body, headers, now }, scenario);
        const params = new URLSearchParams(method === 'GET' ? query : body);
        const json = endpoint.answer({ now, params, body, faults: taken });
        return { status: 200, headers: JSON_TYPE, body: toJson(json), faults: taken };
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        const { status } = error;
        return {
          status,
          headers: { ...JSON_TYPE, ...error.headers },
          body: error.body,
          faults: taken,
        };
      }
    },
  );
  return { ...server, requests, faults };
}

/** Endpoints without and with a signature, whose answers the venue wraps alike. */
export function wrapped(wrap: (answer: Json, call: VenueCall) => Json) {
  const endpoint =
    (isSigned: boolean) =>
    (answer: (call: VenueCall) => Json): VenueEndpoint => ({
      isSigned,
      answer: (call) => wrap(answer(call), call),
    });
  return { open: endpoint(false), signed: endpoint(true) };
}
