// A real PostgreSQL server from npm packages, for the demo, development and tests; never for
// production. It listens on the loopback only, asks for a password, keeps no statement or row in
// its log, and does not outlive the process that started it: the kernel tells it when that one
// dies, however it dies.

import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import * as fs from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { RecordError } from '@track-record/errors';
import { findBinaries } from './binaries.ts';
import * as directories from './data-directory.ts';
import { findRunAs, type RunAs } from './run-as.ts';
import { awaitUnused, readLock } from './server-lock.ts';

/** Part of util-linux, which every Debian and every other glibc system has. */
const SETPRIV = '/usr/bin/setpriv';

/** Nothing of ours in the server's environment: it may hold the master key. */
const ENVIRONMENT = { PATH: '/usr/bin:/bin', LC_ALL: 'C' };

const COMMON_SETTINGS = [
  'listen_addresses=127.0.0.1',
  'unix_socket_directories=',
  'max_connections=200',
  'wal_level=minimal',
  'max_wal_senders=0',
  // The detail of an error quotes the row and the statement.
  'log_error_verbosity=terse',
  'log_min_error_statement=panic',
];
/** For tests: a power cut may lose everything, and nobody would miss it. */
const FAST_SETTINGS = ['fsync=off', 'synchronous_commit=off', 'full_page_writes=off'];

const READY_POLL_MS = 20;
/** Another process took the port, or children of a killed server hold its memory: both pass. */
const TRY_AGAIN = /could not bind|could not create any TCP\/IP sockets|still in use/;
const STARTS_MAX = 10;
const START_PAUSE_MS = 200;
/** After a polite request, before the server is told to drop everything. */
const STOP_WAIT_MS = 15_000;
const LOG_TAIL_CHARACTERS = 4_000;

export interface EmbeddedPostgresOptions {
  /** Where the database lasts; null for a temporary one that is removed at the end. */
  readonly directory: string | null;
  /** False gives up safety against power cuts for speed. */
  readonly durable: boolean;
  readonly random: directories.Random;
}

export interface EmbeddedPostgres {
  /** Database `postgres` as its superuser. */
  readonly url: string;
  readonly port: number;
  /** Where the database files are. */
  readonly dataDirectory: string;
  readonly stop: () => Promise<void>;
}

/**
 * STORE_DIRECTORY_IN_USE when another server runs on the directory; STORE_START_FAILED, whose cause
 * is the end of the server's log.
 */
export async function startEmbeddedPostgres(
  options: EmbeddedPostgresOptions,
): Promise<EmbeddedPostgres> {
  const runAs = findRunAs();
  const programs = join(findBinaries(runAs), 'bin');
  const directory =
    options.directory === null
      ? directories.makeTemporaryDirectory(runAs, options.random)
      : directories.openLastingDirectory(options.directory, runAs, options.random);
  try {
    const data = join(directory.cluster, 'data');
    if (!fs.existsSync(data)) initialise(programs, directory, data, options.durable, runAs);
    await awaitUnused(data);
    const settings = [...COMMON_SETTINGS, ...(options.durable ? [] : FAST_SETTINGS)];
    const { port, server } = await startOnFreePort(programs, directory, settings, runAs);
    return {
      url: `postgres://postgres:${directory.password}@127.0.0.1:${port}/postgres`,
      port,
      dataDirectory: data,
      stop: async () => {
        await stop(server);
        removeTemporary(directory);
      },
    };
  } catch (error) {
    removeTemporary(directory);
    throw error;
  }
}

/** Under another name first, so that a kill half-way leaves nothing to trip over. */
function initialise(
  programs: string,
  directory: directories.DataDirectory,
  data: string,
  durable: boolean,
  runAs: RunAs | null,
): void {
  const unfinished = `${data}.new`;
  const passwordFile = join(directory.cluster, 'initial-password');
  fs.rmSync(unfinished, { recursive: true, force: true });
  // The folder belongs to another user than root: a link that waits there is never written through.
  fs.rmSync(passwordFile, { force: true });
  fs.writeFileSync(passwordFile, directory.password, { mode: 0o600, flag: 'wx' });
  directories.give(passwordFile, runAs);
  try {
    const args = ['-D', unfinished, '-U', 'postgres', `--pwfile=${passwordFile}`];
    args.push('--auth=scram-sha-256', '--locale=C.UTF-8', '--encoding=UTF8', '--no-instructions');
    if (!durable) args.push('--no-sync');
    const made = spawnSync(join(programs, 'initdb'), args, {
      ...runAs,
      cwd: directory.cluster,
      env: ENVIRONMENT,
      encoding: 'utf8',
    });
    if (made.status !== 0) throw startFailure('initdb', made.error?.message ?? made.stderr);
    fs.renameSync(unfinished, data);
  } finally {
    fs.rmSync(passwordFile, { force: true });
  }
}

async function startOnFreePort(
  programs: string,
  directory: directories.DataDirectory,
  settings: readonly string[],
  runAs: RunAs | null,
): Promise<{ port: number; server: ChildProcess }> {
  const data = join(directory.cluster, 'data');
  for (let start = 1; ; start += 1) {
    const port = await findFreePort();
    const args = ['-D', data, '-p', String(port), ...settings.flatMap((text) => ['-c', text])];
    const user =
      runAs === null ? [] : [`--reuid=${runAs.uid}`, `--regid=${runAs.gid}`, '--clear-groups'];
    const command = [...user, '--pdeathsig', 'INT', '--', join(programs, 'postgres'), ...args];
    fs.rmSync(join(directory.cluster, 'log'), { force: true });
    const log = fs.openSync(join(directory.cluster, 'log'), 'wx', 0o600);
    // In its own session: Ctrl-C reaches the worker alone, which then stops the server last.
    const server = spawn(SETPRIV, command, {
      cwd: data,
      env: ENVIRONMENT,
      detached: true,
      stdio: ['ignore', log, log],
    });
    fs.closeSync(log);
    const failure = await awaitReady(server, directory.cluster);
    if (failure === null) return { port, server };
    if (start === STARTS_MAX || !TRY_AGAIN.test(failure)) throw startFailure('postgres', failure);
    await sleep(START_PAUSE_MS);
  }
}

/** Null once the server accepts connections; the end of its log when it ends instead. */
async function awaitReady(server: ChildProcess, cluster: string): Promise<string | null> {
  let spawnFailure = '';
  server.once('error', (error) => (spawnFailure = error.message));
  while (spawnFailure === '' && isRunning(server)) {
    const lock = readLock(join(cluster, 'data'));
    if (lock !== null && lock.pid === server.pid && lock.ready) {
      // Whoever started it may end without stopping it: the server then ends by itself.
      server.unref();
      return null;
    }
    await sleep(READY_POLL_MS);
  }
  return spawnFailure + fs.readFileSync(join(cluster, 'log'), 'utf8').slice(-LOG_TAIL_CHARACTERS);
}

function findFreePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() =>
        resolve(typeof address === 'object' && address !== null ? address.port : 0),
      );
    });
  });
}

/** SIGINT ends every connection and writes what is due; SIGQUIT leaves that to the next start. */
function stop(server: ChildProcess): Promise<void> {
  if (!isRunning(server)) return Promise.resolve();
  return new Promise((resolve) => {
    const impatience = setTimeout(() => server.kill('SIGQUIT'), STOP_WAIT_MS);
    server.once('exit', () => {
      clearTimeout(impatience);
      resolve();
    });
    server.kill('SIGINT');
  });
}

function isRunning(server: ChildProcess): boolean {
  return server.exitCode === null && server.signalCode === null;
}

function removeTemporary(directory: directories.DataDirectory): void {
  if (directory.temporary) fs.rmSync(directory.cluster, { recursive: true, force: true });
}

function startFailure(program: string, log: string): RecordError {
  return new RecordError('STORE_START_FAILED', {
    place: `embedded.${program}`,
    cause: new Error(log),
  });
}
