// Ends what the global setup of the same test run began.

import { stopTestServer } from './global-setup.ts';

export default async function globalTeardown(): Promise<void> {
  await stopTestServer();
}
