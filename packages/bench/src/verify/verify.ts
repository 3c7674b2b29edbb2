// `pnpm bench verify`: what it costs to check a year of one account offline, as a reader does: the
// command from its sources, a file, a verdict. Beside it what the command takes for a file that is
// none, and what the signatures alone take.

import { spawn } from 'node:child_process';
import { createPublicKey, verify as verifySignature } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { exportOf, sampleKey, sampleLog, signHours } from '@track-record/testkit/sample-export';
import type { Benchmark } from '../benchmark.ts';
import { medianOf } from '../measure.ts';

const HOURS = 8_760;
const RUNS = 5;
/** What the issue of this verifier allows. */
const WALL_MS_MAX = 2_000;
const PEAK_MB_MAX = 150;
const ACCOUNT = 'ab'.repeat(16);
const AT = '2027-02-01T00:00:00Z';
const ROOT = path.resolve(import.meta.dirname, '../../../..');

interface Run {
  readonly cpuMs: number;
  readonly wallMs: number;
  readonly peakMb: number;
}

export const verify: Benchmark = {
  name: 'verify',
  summary: 'A year of one account, 8,760 signed hours in one file, checked offline by the command.',
  run: async (progress) => {
    const folder = mkdtempSync(path.join(tmpdir(), 'track-record-bench-'));
    try {
      const { file, policy, sizeBytes, signaturesMs } = await yearIn(folder);
      progress(`${HOURS} hours are written`);
      const none = path.join(folder, 'none.json');
      writeFileSync(none, '{}');
      const start = await medianRun(none, policy, 'STATEMENT_MALFORMED');
      const whole = await medianRun(file, policy, 'VERIFIED');
      const row = (name: string, { cpuMs, wallMs, peakMb }: Run): string =>
        `| ${[name, ...[cpuMs, wallMs, peakMb].map((each) => each.toFixed(0))].join(' | ')} |`;
      const said = (isKept: boolean): string => (isKept ? 'kept' : 'missed');
      const load = loadavg()[0] ?? 0;
      return [
        `${(sizeBytes / 1e6).toFixed(1)} MB of JSON: signatures, links, figures, and that the`,
        'record is in the log. `pnpm track-record verify` from its sources, the median of',
        `${RUNS} runs, each a process of its own.`,
        '',
        '| what | CPU ms | wall ms | peak MB |',
        '|---|--:|--:|--:|',
        row('the command, for a file that is none', start),
        row('the command, for the year', whole),
        `| \`node:crypto\`, the ${HOURS} signatures alone | ${signaturesMs.toFixed(0)} | | |`,
        '',
        `The bounds: ${PEAK_MB_MAX} MB, ${said(whole.peakMb < PEAK_MB_MAX)};`,
        `${WALL_MS_MAX} ms of wall time, ${said(whole.wallMs < WALL_MS_MAX)},`,
        `while ${load.toFixed(0)} threads wanted ${cpus().length} cores.`,
      ];
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
};

async function yearIn(folder: string): Promise<{
  readonly file: string;
  readonly policy: string;
  readonly sizeBytes: number;
  readonly signaturesMs: number;
}> {
  const key = await sampleKey(0x11);
  const hours = Array.from({ length: HOURS }, (_each, at) => () => ({
    return: `${at % 3 === 0 ? '-' : ''}0.00${1_000 + ((at * 7_919) % 8_999)}`,
  }));
  const statements = await signHours(key, ACCOUNT, hours);
  const log = await sampleLog(statements.map(({ hash }) => hash));
  const file = path.join(folder, 'year.json');
  writeFileSync(file, JSON.stringify(await exportOf(key, statements, await log.prove(statements))));
  const policy = path.join(folder, 'policy.json');
  writeFileSync(policy, JSON.stringify({ allowDevelopmentEvidence: true, log: { key: log.key } }));
  const x = Buffer.from(key.publicKey).toString('base64url');
  const publicKey = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
  const cpu = process.cpuUsage();
  const label = Buffer.from('track-record/v1/statement-signature\0');
  for (const { bytes, signature } of statements) {
    const isSigned = verifySignature(null, Buffer.concat([label, bytes]), publicKey, signature);
    if (!isSigned) throw new Error('A signature of our own does not verify.');
  }
  const { user, system } = process.cpuUsage(cpu);
  return {
    file,
    policy,
    sizeBytes: readFileSync(file).length,
    signaturesMs: (user + system) / 1_000,
  };
}

/** Each figure is the median of its own. */
async function medianRun(file: string, policy: string, expected: string): Promise<Run> {
  const runs: Run[] = [];
  for (let run = 0; run < RUNS; run += 1) runs.push(await runOnce(file, policy, expected));
  return {
    cpuMs: medianOf(runs.map(({ cpuMs }) => cpuMs)),
    wallMs: medianOf(runs.map(({ wallMs }) => wallMs)),
    peakMb: medianOf(runs.map(({ peakMb }) => peakMb)),
  };
}

/** As the script `track-record` of package.json starts it; the child says what it took. */
async function runOnce(file: string, policy: string, expected: string): Promise<Run> {
  const manifest = readFileSync(path.join(ROOT, 'package.json'), 'utf8');
  const [, ...flags] = /"track-record": "(.+)"/.exec(manifest)?.[1]?.split(' ') ?? [];
  const tell =
    'data:text/javascript,process.on("exit",()=>{const u=process.resourceUsage();' +
    'console.error("usage "+[u.userCPUTime+u.systemCPUTime,u.maxRSS].join())})';
  const started = performance.now();
  const child = spawn(
    process.execPath,
    ['--import', tell, ...flags, 'verify', file, '--policy', policy, '--at', AT],
    { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  const [output, errors] = await Promise.all([text(child.stdout), text(child.stderr)]);
  const wallMs = performance.now() - started;
  const usage = /usage (\d+),(\d+)/.exec(errors);
  if (!output.includes(expected) || usage === null) throw new Error(`${output}\n${errors}`);
  return { cpuMs: Number(usage[1]) / 1_000, wallMs, peakMb: Number(usage[2]) / 1_024 };
}
