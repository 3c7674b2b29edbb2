// Ends what the global setup of the same test run began.

import { stopTestServer } from './global-setup.ts';

// oxlint-disable-next-line import/no-default-export -- jest calls the default export.
export default async function globalTeardown(): Promise<void> {
  await stopTestServer();
}
