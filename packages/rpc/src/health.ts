// grpc.health.v1 over the worker's components. It answers also while every other call is refused
// for load, so its cost is bounded: however many ask, the components are looked at once per
// interval.

import { setTimeout as sleep } from 'node:timers/promises';
import { status } from '@grpc/grpc-js';
import { RecordError } from '@track-record/errors';
import type { Caller } from './access.ts';
import {
  HealthCheckResponse_ServingStatus as Serving,
  type HealthCheckRequest,
  type HealthCheckResponse,
  type HealthServer,
} from './generated/grpc/health/v1/health.ts';
import type { Calls } from './calls.ts';
import { COMPONENTS, type Component, type ComponentHealth } from './sources.ts';

/** How old an answer may be: an orchestrator asks every few seconds. */
const INTERVAL_MS = 1000;

export function createHealth(calls: Calls, look: () => Promise<ComponentHealth>): HealthServer {
  const health = oncePerInterval(look);

  async function statusOf({ service }: HealthCheckRequest, caller: Caller): Promise<Serving> {
    if (service !== '' && !caller.isNamed) throw new RecordError('RPC_UNAUTHENTICATED');
    if (!isKnown(service)) return Serving.SERVICE_UNKNOWN;
    const components = await health();
    const asked = service === '' ? COMPONENTS : [service];
    return asked.every((name) => components[name]) ? Serving.SERVING : Serving.NOT_SERVING;
  }

  async function* watch(
    request: HealthCheckRequest,
    caller: Caller,
  ): AsyncGenerator<HealthCheckResponse> {
    let last: Serving | null = null;
    for (;;) {
      const present = await statusOf(request, caller);
      if (present !== last) yield { status: present };
      last = present;
      await sleep(INTERVAL_MS, undefined, { ref: false });
    }
  }

  const check = calls.unary(async (request: HealthCheckRequest, caller) => ({
    status: await statusOf(request, caller),
  }));
  return {
    // The protocol answers an unknown name differently here and in a watch.
    check: (call, reply) =>
      isKnown(call.request.service)
        ? check(call, reply)
        : reply({ code: status.NOT_FOUND, details: 'ARGUMENT_INVALID' }),
    watch: calls.stream(watch),
  };
}

function isKnown(service: string): service is Component | '' {
  return service === '' || COMPONENTS.some((name) => name === service);
}

function oncePerInterval<T>(look: () => Promise<T>): () => Promise<T> {
  let latest: Promise<T> | null = null;
  return () => {
    if (latest === null) {
      latest = look();
      setTimeout(() => (latest = null), INTERVAL_MS).unref();
    }
    return latest;
  };
}
