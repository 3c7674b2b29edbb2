// What a production process must be before it holds a key: nobody can look into it with a debugger,
// load code into it, or find its memory in a core dump. The start command sets most of this
// (docker/Dockerfile), because Node cannot from inside; here it is read back.

import { readFileSync, writeFileSync } from 'node:fs';
import { url as inspectorUrl } from 'node:inspector';
import { RecordError } from '@track-record/errors';

/** What the start command must tell Node; which files may be read is told besides. */
const PRODUCTION_FLAGS: readonly string[] = [
  // No child process, native code, WASI or debugger, and no file but those it names.
  '--permission',
  // The isolates, which inherit the rest; isolate/lock.ts lets nobody start another.
  '--allow-worker',
  '--no-addons',
  // No text becomes code, however it came in.
  '--disallow-code-generation-from-strings',
  '--disable-proto=delete',
  // A signal would open the debugger's port.
  '--disable-sigusr1',
  // OpenSSL keeps private keys in memory that is neither swapped nor dumped.
  '--secure-heap=65536',
];
/** Any other flag may load code, write a report or a heap snapshot, or give a permission back. */
const PERMITTED = /^--(?:allow-fs-(?:read|write)|disable-warning)=/;
/** Soft and hard limit: the process cannot raise it again. */
const NO_CORE_FILE = /^Max core file size +0 +0 /m;
/** Which memory a dump holds. A dump into a pipe ignores the limit (core(5)), and not this. */
const DUMP_FILTER = '/proc/self/coredump_filter';
const EXIT_CRASHED = 1;

interface ProcessState {
  readonly execArgv: readonly string[];
  readonly nodeOptions: string | undefined;
  readonly inspector: string | undefined;
  /** /proc/self/limits and /proc/self/coredump_filter */
  readonly limits: string;
  readonly dumpFilter: string;
}

/** From here on a crash is told by `onCrash` alone: message and stack may quote a secret. */
export function silenceCrashes(onCrash: () => void): void {
  process.on('uncaughtException', () => {
    onCrash();
    process.exit(EXIT_CRASHED);
  });
}

/** Leaves all memory out of core dumps, and reads back how this process stands. */
export function readBack(nodeOptions: string | undefined): ProcessState {
  try {
    writeFileSync(DUMP_FILTER, '0');
    const dumpFilter = readFileSync(DUMP_FILTER, 'utf8');
    const limits = readFileSync('/proc/self/limits', 'utf8');
    const { execArgv } = process;
    return { execArgv, nodeOptions, inspector: inspectorUrl(), limits, dumpFilter };
  } catch (cause) {
    throw exposed('proc', cause);
  }
}

/** PROCESS_EXPOSED for what is missing or too much, with its name as the place. */
export function requireHardened(state: ProcessState): void {
  const missing = PRODUCTION_FLAGS.find((flag) => !state.execArgv.includes(flag));
  if (missing !== undefined) throw exposed(missing);
  const isKnown = (flag: string): boolean =>
    PRODUCTION_FLAGS.includes(flag) || PERMITTED.test(flag);
  if (!state.execArgv.every(isKnown)) throw exposed('execArgv');
  if (state.nodeOptions !== undefined) throw exposed('NODE_OPTIONS');
  if (state.inspector !== undefined) throw exposed('inspector');
  if (!NO_CORE_FILE.test(state.limits)) throw exposed('limits.core');
  if (Number.parseInt(state.dumpFilter, 16) !== 0) throw exposed('coredump_filter');
}

function exposed(place: string, cause?: unknown): RecordError {
  return new RecordError('PROCESS_EXPOSED', { place, cause });
}
