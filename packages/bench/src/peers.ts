// The engines of others live in a workspace of their own (`packages/bench/peers/`), so that the
// project's install stays small. They are installed here when a benchmark asks for them; without a
// network the benchmark runs without them and says so.

import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';

export const peersFolder = path.resolve(import.meta.dirname, '../peers');

/** The version that the README pins. */
const PNPM = 'pnpm@12.21.0';

/** False when they are missing and cannot be fetched. */
export function installPeers(progress: (line: string) => void): boolean {
  if (existsSync(path.join(peersFolder, 'node_modules/.modules.yaml'))) return true;
  progress(`Installing the peers into packages/bench/peers with ${PNPM} ...`);
  const args = ['--yes', PNPM, 'install', '--frozen-lockfile', '--ignore-scripts'];
  const { status } = spawnSync('npx', args, { cwd: peersFolder, stdio: 'ignore' });
  return status === 0;
}
