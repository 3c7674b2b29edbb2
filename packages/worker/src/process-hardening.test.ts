// What a production process must be, asked of made-up states and of real processes.

import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { RecordError } from '@track-record/errors';
import { requireHardened } from './process-hardening.ts';

const root = new URL('../../../', import.meta.url).pathname;
const module = new URL('./process-hardening.ts', import.meta.url).pathname;
const lock = new URL('./isolate/lock.ts', import.meta.url).pathname;
/** What the image starts the worker with: the flags that are asked for, and files. */
const image = readFileSync(`${root}docker/Dockerfile`, 'utf8');
const IMAGE_FLAGS = [...image.matchAll(/"(--[^"]+)"/g)].map(([, flag = '']) => flag);
const OPTIONAL = /^--(?:allow-fs|disable-warning)/;
const PRODUCTION_FLAGS = IMAGE_FLAGS.filter((flag) => !OPTIONAL.test(flag));
/** Node says of --allow-worker what isolate/lock.ts answers. */
const QUIET = '--disable-warning=SecurityWarning';

const SECRET = 'marker-5c1e-secret';
/** Flags that only this test gives: sources instead of a release, the script itself. */
const OF_TEST = String(/^(?:--conditions|--input-type|--max-old|-e$|import )/);

/** The lines of /proc/self/limits that are read, as the kernel writes them. */
function limitsOf(soft: string, hard: string): string {
  const name = 'Max core file size'.padEnd(26);
  return `Limit  Soft Limit\n${name}${soft.padEnd(21)}${hard.padEnd(21)}bytes     \n`;
}

type ProcessState = Parameters<typeof requireHardened>[0];

const hardened: ProcessState = {
  execArgv: IMAGE_FLAGS,
  nodeOptions: undefined,
  inspector: undefined,
  limits: limitsOf('0', '0'),
  dumpFilter: '00000000\n',
};

function placeOf(state: ProcessState): string {
  try {
    requireHardened(state);
    return 'accepted';
  } catch (error) {
    return error instanceof RecordError ? `${error.code} ${error.place}` : String(error);
  }
}

interface Ended {
  readonly status: number | null;
  readonly output: string;
}

/** A process that hardens itself and then does what `script` says; it forgets this test's flags. */
function runHardened(
  script: string,
  { flags = PRODUCTION_FLAGS, ulimit = '0', env = {} as Record<string, string> } = {},
): Ended {
  const text =
    `import ${JSON.stringify(lock)};\n` +
    `import * as hardening from ${JSON.stringify(module)};\n` +
    `const secret = ${JSON.stringify(SECRET)};\n` +
    `process.execArgv = process.execArgv.filter((flag) => !${OF_TEST}.test(flag));\n` +
    `try {\n` +
    `  hardening.silenceCrashes(() => process.stdout.write('told\\n'));\n` +
    `  hardening.requireHardened(hardening.readBack(process.env.NODE_OPTIONS));\n` +
    `}\n` +
    `catch (error) { console.log(error.code, error.place); process.exit(3); }\n${script}`;
  const files = ['--allow-fs-read=*', '--allow-fs-write=/proc/self/coredump_filter'];
  const asTest = ['--conditions=@track-record/source', '--input-type=module', '-e', text];
  const command = [process.execPath, ...flags, QUIET, ...files, ...asTest];
  const child = spawnSync('sh', ['-c', `ulimit -c ${ulimit}; exec "$@"`, 'sh', ...command], {
    encoding: 'utf8',
    cwd: root,
    env: { PATH: process.env['PATH'], ...env },
  });
  return { status: child.status, output: child.stdout + child.stderr };
}

describe('accepts', () => {
  test('the state that the image starts in', () => {
    expect(placeOf(hardened)).toBe('accepted');
  });

  test('a process that is started so, which reads back that no core can be dumped', () => {
    const filter = `process.getBuiltinModule('fs').readFileSync('/proc/self/coredump_filter')`;
    const { status, output } = runHardened(`console.log(String(${filter}))`);
    expect([status, output.trim()]).toEqual([0, '00000000']);
  });
});

describe('refuses', () => {
  test.each(PRODUCTION_FLAGS)('a start without %s', (flag) => {
    const execArgv = PRODUCTION_FLAGS.filter((other) => other !== flag);
    expect(placeOf({ ...hardened, execArgv })).toBe(`PROCESS_EXPOSED ${flag}`);
  });

  const more = [
    '--inspect',
    '--inspect-brk=0.0.0.0:9229',
    '--require=/tmp/x.cjs',
    '--import=/tmp/x.mjs',
    '--env-file=/tmp/env',
    '--conditions=@track-record/source',
    '--allow-child-process',
    '--allow-addons',
    '--heapsnapshot-signal=SIGUSR2',
    '--report-on-signal',
    '--abort-on-uncaught-exception',
  ];
  test.each(more)('a start with %s', (flag) => {
    const execArgv = [...hardened.execArgv, flag];
    expect(placeOf({ ...hardened, execArgv })).toBe('PROCESS_EXPOSED execArgv');
  });

  const states: readonly (readonly [string, Partial<ProcessState>, string])[] = [
    ['NODE_OPTIONS', { nodeOptions: '' }, 'NODE_OPTIONS'],
    ['an open debugger', { inspector: 'ws://127.0.0.1:9229/x' }, 'inspector'],
    ['core files', { limits: limitsOf('unlimited', 'unlimited') }, 'limits.core'],
    ['a core limit that can be raised', { limits: limitsOf('0', 'unlimited') }, 'limits.core'],
    ['no limit that it knows', { limits: '' }, 'limits.core'],
    ['a dump of its memory', { dumpFilter: '00000033\n' }, 'coredump_filter'],
    ['a filter that it cannot read', { dumpFilter: '' }, 'coredump_filter'],
  ];
  test.each(states)('%s', (_name, change, place) => {
    expect(placeOf({ ...hardened, ...change })).toBe(`PROCESS_EXPOSED ${place}`);
  });

  test('a process that may write a core file', () => {
    const limited = readFileSync('/proc/self/limits', 'utf8');
    // Where the hard limit of this machine is zero already, no test can raise it.
    if (/^Max core file size +\d+ +0 /m.test(limited)) return;
    const { status, output } = runHardened('', { ulimit: 'unlimited' });
    expect([status, output.trim()]).toEqual([3, 'PROCESS_EXPOSED limits.core']);
  });

  test('a process with NODE_OPTIONS, whatever they say', () => {
    const { output } = runHardened('', { env: { NODE_OPTIONS: '--no-deprecation' } });
    expect(output.trim()).toBe('PROCESS_EXPOSED NODE_OPTIONS');
  });

  test('a process that could load native code', () => {
    const flags = PRODUCTION_FLAGS.filter((flag) => flag !== '--no-addons');
    expect(runHardened('', { flags }).output.trim()).toBe('PROCESS_EXPOSED --no-addons');
  });
});

describe('holds', () => {
  const crashes: readonly (readonly [string, string])[] = [
    ['an error that nobody catches', 'throw new Error(secret)'],
    ['what is thrown and no error', 'throw { secret }'],
    ['a promise that nobody awaits', 'void Promise.reject(new Error(secret))'],
    ['an error in a timer', 'setTimeout(() => { throw new TypeError(secret) })'],
    ['an error event', `new (process.getBuiltinModule('events'))().emit('error', secret)`],
  ];
  test.each(crashes)('crash-output-carries-no-secret: %s', (_name, script) => {
    const { status, output } = runHardened(script);
    expect([status, output]).toEqual([1, 'told\n']);
  });

  test('crash-output-carries-no-secret: no memory left', () => {
    const script = 'const all = []; for (;;) all.push(new Array(1e5).fill(secret));';
    const flags = [...PRODUCTION_FLAGS, '--max-old-space-size=16'];
    const { status, output } = runHardened(script, { flags });
    expect(status).not.toBe(0);
    expect(output).not.toContain(SECRET);
  });

  const forbidden: readonly (readonly [string, string])[] = [
    ['code from a text', `new Function('return 1')`],
    ['another process', `process.getBuiltinModule('child_process').execSync('id')`],
    ['a thread', `new (process.getBuiltinModule('worker_threads').Worker)('', { eval: true })`],
    ['a thread by import', `new (await import('node:worker_threads')).Worker('', { eval: true })`],
    ['a debugger', `process.getBuiltinModule('inspector').open(0)`],
    ['a file', `process.getBuiltinModule('fs').writeFileSync('/tmp/marker-5c1e', 'x')`],
  ];
  test.each(forbidden)('S12 read-back-not-believed: %s is refused', (_name, attempt) => {
    const script = `try { ${attempt}; console.log('possible') } catch { console.log('refused') }`;
    expect(runHardened(script).output.trim()).toBe('refused');
  });

  test('the unit of systemd gives the same flags, and lets it write no core', () => {
    const unit = readFileSync(`${root}docker/track-record-worker.service`, 'utf8');
    const flags = unit.match(/(?<=\s)--[a-z][^\s]*/g) ?? [];
    expect(flags.map((flag) => flag.replace('/opt/track-record', '/app'))).toEqual(IMAGE_FLAGS);
    expect(unit).toMatch(/^LimitCORE=0$/m);
  });

  test('the image starts the worker so, and the compose file lets it write no core', () => {
    expect(PRODUCTION_FLAGS).toHaveLength(7);
    expect(readFileSync(`${root}docker/compose.yaml`, 'utf8')).toMatch(/ulimits: \{ core: 0 \}/);
  });
});
