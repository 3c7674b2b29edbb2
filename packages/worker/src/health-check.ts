// `node …/health-check.js`: whether the worker with these settings serves on this machine, for its
// orchestrator. Exit code 0 when every component does, else 1.

import { askHealth } from '@track-record/rpc/ask-health';
import { parseConfig } from './config.ts';

process.exitCode = (await isServing()) ? 0 : 1;

async function isServing(): Promise<boolean> {
  const { ENCLAVE_PORT } = parseConfig(process.env);
  return await askHealth(`127.0.0.1:${ENCLAVE_PORT}`);
}
