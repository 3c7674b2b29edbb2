// Whether a worker serves, asked as an orchestrator on the same machine does: of whoever answers at
// the address. It proves nothing to anybody else.

import {
  HealthCheckResponse_ServingStatus,
  HealthClient,
} from './generated/grpc/health/v1/health.ts';
import { openUnproven } from './unproven-connection.ts';

/** False also where nobody answers in time. */
export async function askHealth(endpoint: string): Promise<boolean> {
  const client = new HealthClient(endpoint, ...openUnproven());
  try {
    return await new Promise((resolve) => {
      client.check({ service: '' }, (cause, answer) => {
        resolve(cause === null && answer.status === HealthCheckResponse_ServingStatus.SERVING);
      });
    });
  } finally {
    client.close();
  }
}
