// `pnpm bench attestation`: what it costs to verify a genuine report, from bytes to verdict, beside
// what node:crypto takes for the signatures alone. The reports are read from VECTORS_DIR.

import { verify as verifySignature, X509Certificate } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import {
  amdTrustAnchors,
  checkReport,
  parsePolicy,
  parseReport,
  verifyReport,
} from '@track-record/attestation';
import type { Benchmark } from '../benchmark.ts';
import { type Cost, medianCost } from '../measure.ts';

/** Each run verifies every report once. */
const WARM_UP_RUNS = 5;
const RUNS = 40;
const MICROSECONDS = 1_000;
/** What the issue of this verifier allows. */
const CPU_MS_MAX = 15;

const FOLDER = path.join(process.env['VECTORS_DIR'] ?? '../shared/vectors', 'attestation');

interface Vector {
  readonly report: string;
  readonly certs: readonly string[];
  readonly product: string;
  readonly signer: string;
  readonly expect: { readonly verifyAt: string };
}

interface Case {
  readonly report: Buffer;
  readonly leaf: Buffer;
  readonly issuer: Buffer;
  readonly root: Buffer;
  readonly now: number;
}

export const attestation: Benchmark = {
  name: 'attestation',
  summary: 'One verification of a genuine report with its certificates, and the policy.',
  run: async () => {
    if (!existsSync(FOLDER)) throw new Error('VECTORS_DIR has no folder `attestation`.');
    const cases = readCases();
    const ours = await costOf(cases, verifyOurs);
    const given = await costOf(cases, (each) => verifyOurs({ ...each, issuer: null }));
    const floor = await costOf(cases, verifyByNode);
    const row = (name: string, { cpuMs, wallMs }: Cost): string => {
      const numbers = [cpuMs, wallMs, cpuMs / floor.cpuMs].map((each) => each.toFixed(2));
      return `| ${[name, ...numbers].join(' | ')} |`;
    };
    return [
      `${cases.length} genuine reports of Milan, Genoa, Siena and Turin, one after the other;`,
      `the median of ${RUNS} rounds, per report. What stands beside ours checks the three`,
      'signatures and nothing else: no names, dates, extensions, versions, chip or policy.',
      '',
      '| verification | CPU ms | wall ms | CPU, signatures alone = 1 |',
      '|---|---|---|---|',
      row('ours, with the issuer’s certificate', ours),
      row('ours, with the issuer that is pinned', given),
      row('`node:crypto`, signatures alone', floor),
      '',
      `The bound is ${CPU_MS_MAX} ms of CPU: ${ours.cpuMs < CPU_MS_MAX ? 'kept' : 'missed'}.`,
    ];
  },
};

function readCases(): readonly Case[] {
  const text = readFileSync(path.join(FOLDER, 'vectors.json'), 'utf8');
  const { vectors } = JSON.parse(text) as { readonly vectors: readonly Vector[] };
  const read = (name: string): Buffer => readFileSync(path.join(FOLDER, name));
  return vectors.map(({ report, certs, product, signer, expect }) => {
    const line = product.toLowerCase();
    const issuer = signer === 'VLEK' ? 'asvk' : 'ask';
    return {
      report: read(report),
      leaf: read(certs[0] ?? ''),
      issuer: read(`ca/${line}-${issuer}.pem`),
      root: read(`ca/${line}-ark.pem`),
      now: Date.parse(expect.verifyAt),
    };
  });
}

async function costOf(
  cases: readonly Case[],
  verify: (each: Case) => void | Promise<void>,
): Promise<Cost> {
  const round = async (): Promise<Cost> => {
    const cpu = process.cpuUsage();
    const wall = performance.now();
    for (const each of cases) await verify(each);
    const { user, system } = process.cpuUsage(cpu);
    const cpuMs = (user + system) / MICROSECONDS / cases.length;
    return { cpuMs, wallMs: (performance.now() - wall) / cases.length };
  };
  for (let run = 0; run < WARM_UP_RUNS; run += 1) await round();
  const costs: Cost[] = [];
  for (let run = 0; run < RUNS; run += 1) costs.push(await round());
  return medianCost(costs);
}

async function verifyOurs({
  report,
  leaf,
  issuer,
  now,
}: Omit<Case, 'issuer' | 'root'> & { readonly issuer: Buffer | null }): Promise<void> {
  const policy = { minReportVersion: 2, maxVmpl: 3, allowDebug: true };
  const endorsements = { leaf, intermediate: issuer, revocationList: null };
  const verified = await verifyReport(parseReport(report), endorsements, amdTrustAnchors, now);
  checkReport(verified, parsePolicy(policy, 'pass'));
}

/** Reading the certificates is part of it, as it is of ours. */
function verifyByNode({ report, leaf, issuer, root }: Case): void {
  const [chip, authority, anchor] = [leaf, issuer, root].map((each) => new X509Certificate(each));
  if (chip === undefined || authority === undefined || anchor === undefined) return;
  const half = (at: number): Uint8Array => report.subarray(at, at + 48).toReversed();
  const signature = Buffer.concat([half(0x2a0), half(0x2e8)]);
  const key = { key: chip.publicKey, dsaEncoding: 'ieee-p1363' } as const;
  const isSigned = [
    authority.verify(anchor.publicKey),
    chip.verify(authority.publicKey),
    verifySignature('sha384', report.subarray(0, 0x2a0), key, signature),
  ];
  if (isSigned.includes(false)) throw new Error('A genuine report does not verify.');
}
