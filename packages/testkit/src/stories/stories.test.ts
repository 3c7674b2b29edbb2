// What an allocator sees: stories of accounts, each as a table of signed hours, and the verdict
// that `track-record verify` prints.

import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { SignedStatement } from '@track-record/statement';
import type { LogProof } from '@track-record/statement/log';
import { memberOf } from '../attacks/alterations.ts';
import {
  exportOf,
  SAMPLE_AT,
  sampleKey,
  sampleLog,
  signHours,
  type SampleLog,
} from '../attacks/sample-export.ts';
import { repositoryRoot } from '../house/repository.ts';
import { hoursOf } from './hours-text.ts';

const ACCOUNT = '0a'.repeat(16);
const folder = mkdtempSync(join(tmpdir(), 'track-record-stories-'));

interface Story {
  readonly name: string;
  /** One hour per line: see hours-text.ts. */
  readonly hours: string;
  /** Of the hours, from this one on; all of them without it. */
  readonly shownFrom?: number;
  /** Of the hours, up to this one; all of them without it. */
  readonly shownTo?: number;
  readonly change?: (file: string) => string;
  /** No enclave signs such hours one after the other. */
  readonly forged?: true;
  readonly log?: 'asked and given' | 'asked and not given' | 'rolled back';
  /** The lines of the verdict that tell it, without their indentation. */
  readonly seen: string;
}

const stories: readonly Story[] = [
  {
    name: 'a quiet live account',
    hours: `
      00  measured   0.01
      01  measured  -0.005`,
    seen: `
      VERIFIED (signed by a development enclave: no hardware evidence)
      account 0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a at binance, live, in USDT
      2026-01-05T00:00:00Z to 2026-01-05T02:00:00Z: 2 hours
      of a record that began 2026-01-05T00:00:00Z, from its first hour
      account 1 of 1 that its owner connected, of which 0 closed or ruined
      disclosed by the hour, 24 hours after its day, thin hours merged
      2 measured, 0 without a return (each with its signed reason)
      0 backfilled, 0 stated late, 0 corrected later
      compounded return: 0.50 % (0.004950000000000000)
      passed       the record begins at its first hour
      NOT CHECKED  whether the record is in a public log: the file and the policy name none`,
  },
  {
    name: 'a paper account',
    hours: `
      00  measured   0.5  paper
      01  measured   0.5  paper`,
    seen: `
      account 0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a at binance, PAPER, in USDT
      compounded return: 125.00 % (1.250000000000000000)`,
  },
  {
    name: 'a gap: an asset had no price for an hour',
    hours: `
      00  measured   0.01
      01  unpriced   -     unpriced
      02  measured   0.01`,
    seen: `
      2026-01-05T00:00:00Z to 2026-01-05T03:00:00Z: 3 hours
      2 measured, 1 without a return (each with its signed reason)
      compounded return: 2.01 % (0.020100000000000000)`,
  },
  {
    name: 'a restatement: the venue changed what it had said',
    hours: `
      00  measured   0.01
      01  measured   0.02
      00  measured  -0.01  restates`,
    seen: `
      2026-01-05T00:00:00Z to 2026-01-05T02:00:00Z: 2 hours
      0 backfilled, 0 stated late, 1 corrected later
      compounded return: 0.98 % (0.009800000000000000)`,
  },
  {
    name: 'a restatement of a restatement',
    hours: `
      00  measured   0.01
      00  measured   0.02  restates
      00  measured   0.03  restates`,
    seen: `
      2026-01-05T00:00:00Z to 2026-01-05T01:00:00Z: 1 hours
      0 backfilled, 0 stated late, 2 corrected later
      compounded return: 3.00 % (0.030000000000000000)`,
  },
  {
    name: 'a history read afterwards',
    hours: `
      00  measured   0.30  backfilled
      01  measured   0.30  backfilled
      02  measured   0.00`,
    seen: `
      2 backfilled, 0 stated late, 0 corrected later
      compounded return: 69.00 % (0.690000000000000000)`,
  },
  {
    name: 'a death: everything lost',
    hours: `
      00  measured   0.50
      01  measured  -1
      02  ruined     -     ruined
      03  ruined     -     ruined`,
    seen: `
      2026-01-05T00:00:00Z to 2026-01-05T04:00:00Z: 4 hours
      2 measured, 2 without a return (each with its signed reason)
      compounded return: -100.00 % (-1.000000000000000000)`,
  },
  {
    name: 'a death hidden by showing the good days only: one honest hour after the other',
    hours: `
      00  measured   0.50
      01  measured  -1`,
    shownTo: 1,
    seen: `
      VERIFIED (signed by a development enclave: no hardware evidence)
      2026-01-05T00:00:00Z to 2026-01-05T01:00:00Z: 1 hours
      compounded return: 50.00 % (0.500000000000000000)
      NOT CHECKED  whether the record is in a public log: the file and the policy name none`,
  },
  {
    name: 'the same, before somebody who asks for the log: still in it, and its time is shown',
    hours: `
      00  measured   0.50
      01  measured  -1`,
    shownTo: 1,
    log: 'asked and given',
    seen: `
      2026-01-05T00:00:00Z to 2026-01-05T01:00:00Z: 1 hours
      public log log.example/records: 2 entries, 1 known witness, last on 2026-01-21T12:53:20Z
      passed       the record is in the public log, up to its last hour`,
  },
  {
    name: 'a death that another account of the same owner tells',
    hours: `
      00  measured   0.01  owner=2/2/0/0
      01  measured   0.01  owner=2/2/1/0`,
    seen: `
      account 2 of 2 that its owner connected, of which 1 closed or ruined
      compounded return: 2.01 % (0.020100000000000000)`,
  },
  {
    name: 'the best of five accounts, which is allowed and told',
    hours: `
      00  measured   0.20  owner=4/5/2/0`,
    seen: `
      VERIFIED (signed by a development enclave: no hardware evidence)
      account 4 of 5 that its owner connected, of which 2 closed or ruined`,
  },
  {
    name: 'a record forgotten, and the same venue account connected again: it restarts in sight',
    hours: `
      00  measured   0.10  owner=2/2/1/1`,
    seen: `
      account 2 of 2 that its owner connected, of which 1 closed or ruined
      BEGUN AGAIN: 1 earlier records of the same venue account`,
  },
  {
    name: 'a disconnected account that goes on: one record, and a gap while nobody read it',
    hours: `
      00  measured   0.10
      01  stale      -     stale
      02  measured   0.10`,
    seen: `
      2026-01-05T00:00:00Z to 2026-01-05T03:00:00Z: 3 hours
      account 1 of 1 that its owner connected, of which 0 closed or ruined
      2 measured, 1 without a return (each with its signed reason)`,
  },
  {
    name: 'a double claim: the record of one owner goes on under another',
    forged: true,
    hours: `
      00  measured   0.10
      01  measured   0.10  stranger`,
    seen: `
      REFUSED (signed by a development enclave: no hardware evidence)
      STATEMENT_LINK_BROKEN: A statement does not link to the one before it.`,
  },
  {
    name: 'an account that disappears from the count of its owner',
    forged: true,
    hours: `
      00  measured   0.10  owner=1/3/1/0
      01  measured   0.10  owner=1/2/0/0`,
    seen: `
      REFUSED (signed by a development enclave: no hardware evidence)
      FAILED       an hour is missing, reordered or replaced`,
  },
  {
    name: 'an hour with one trade, told with the two after it',
    hours: `
      00  measured   0.01
      01  measured   -     merged
      02  measured   -     merged
      03  measured   0.03  told=3`,
    seen: `
      2 measured, 2 told with later hours, 0 without a return (each with its signed reason)
      compounded return: 4.03 % (0.040300000000000000)`,
  },
  {
    name: 'a merged hour that is left to be forgotten',
    forged: true,
    hours: `
      00  measured   -     merged
      01  measured   0.03  told=1`,
    seen: `
      REFUSED (signed by a development enclave: no hardware evidence)`,
  },
  {
    name: 'an owner who chooses days and a longer delay from now on',
    hours: `
      00  measured   0.01
      01  measured   -     merged  grid=day  delay=720`,
    seen: `
      disclosed by the day, 720 hours after its day, thin hours merged; changed 1 times`,
  },
  {
    name: 'money withdrawn, and the account idle since',
    hours: `
      00  measured    0.01
      01  no_capital  -     no_capital
      02  no_capital  -     no_capital`,
    seen: `
      1 measured, 2 without a return (each with its signed reason)
      compounded return: 1.00 % (0.010000000000000000)`,
  },
  {
    name: 'nothing was ever measured',
    hours: `
      00  stale  -  stale`,
    seen: `
      0 measured, 1 without a return (each with its signed reason)
      compounded return: none, because no hour was measured`,
  },
  {
    name: 'cherry-picked: the bad beginning is left out',
    hours: `
      00  measured  -0.50
      01  measured   0.10
      02  measured   0.10`,
    shownFrom: 1,
    seen: `
      VERIFIED (signed by a development enclave: no hardware evidence)
      compounded return: 21.00 % (0.210000000000000000)
      NOT CHECKED  what came before: the file does not begin at the first hour of the record`,
  },
  {
    name: 'the bad hour in the middle is cut out',
    hours: `
      00  measured   0.10
      01  measured  -0.50
      02  measured   0.10`,
    change: (file) => {
      const { statements, ...rest } = JSON.parse(file);
      return JSON.stringify({ ...rest, statements: [statements[0], statements[2]] });
    },
    seen: `
      REFUSED (signed by a development enclave: no hardware evidence)
      STATEMENT_LINK_BROKEN: A statement does not link to the one before it.
      FAILED       an hour is missing, reordered or replaced`,
  },
  {
    name: 'a better figure on the cover',
    hours: `
      00  measured   0.10`,
    change: (file) => file.replace('0.100000000000000000', '0.900000000000000000'),
    seen: `
      STATEMENT_RETURN_MISMATCH: The figures do not follow from the hours.
      FAILED       the stated figures do not follow from the hours`,
  },
  {
    name: 'an allocator asks for the log, and the trader left the proof out',
    hours: `
      00  measured   0.10`,
    log: 'asked and not given',
    seen: `
      LOG_INCLUSION_INVALID: The record is not proved to be in the public log.
      FAILED       nothing shows that the record is in the public log`,
  },
  {
    name: 'the operator puts an older database back: the allocator kept a checkpoint',
    hours: `
      00  measured   0.10
      01  measured  -0.50`,
    log: 'rolled back',
    shownTo: 1,
    seen: `
      LOG_ROLLED_BACK: A checkpoint is smaller than one known before.
      FAILED       the public log is not shown to hold what it held at the checkpoint known before`,
  },
];

const told = new Map<string, string>();

beforeAll(async () => {
  const key = await sampleKey(0x11);
  for (const [index, story] of stories.entries()) {
    const statements = await signHours(key, ACCOUNT, hoursOf(story.hours));
    const shown = statements.slice(story.shownFrom ?? 0, story.shownTo ?? statements.length);
    const log = await sampleLog(statements.map(({ hash }) => hash));
    const [proof] = await proofsOf(story, log, shown);
    const honest = await exportOf(key, story.forged === true ? shown.slice(0, 1) : shown, proof);
    const text = JSON.stringify({ ...honest, statements: shown.map(memberOf) });
    const file = fileOf(`${index}.json`, story.change?.(text) ?? text);
    told.set(story.name, await verdictOf(file, await policyOf(story, log, index)));
  }
});

afterAll(() => rmSync(folder, { recursive: true }));

/** The proof that the file shows, or none. */
async function proofsOf(
  { log: asked }: Story,
  log: SampleLog,
  shown: readonly SignedStatement[],
): Promise<readonly LogProof[]> {
  if (asked === 'asked and given') return [await log.prove(shown)];
  if (asked !== 'rolled back') return [];
  const older = await sampleLog(shown.map(({ hash }) => hash));
  return [await older.prove(shown)];
}

async function policyOf(story: Story, log: SampleLog, index: number): Promise<string> {
  const known = await log.checkpoint(log.leaves.length);
  const trust = { key: log.key, witnesses: [log.witnessKey], witnessesMin: 1, known };
  const policy = { allowDevelopmentEvidence: true };
  const text = JSON.stringify(story.log === undefined ? policy : { ...policy, log: trust });
  return fileOf(`${index}.policy.json`, text);
}

function fileOf(name: string, text: string): string {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
}

/** What the command prints, as lines without their indentation or the name of the file. */
function verdictOf(file: string, policy: string): Promise<string> {
  const main = join(repositoryRoot, 'packages/cli/src/main.ts');
  const at = new Date(SAMPLE_AT).toISOString();
  const command = ['--conditions=@track-record/source', main, 'verify', file];
  return new Promise((resolve) => {
    execFile(process.execPath, [...command, '--policy', policy, '--at', at], (_error, stdout) =>
      resolve(linesOf(stdout.replace(`${file}: `, '')).join('\n')),
    );
  });
}

function linesOf(text: string): readonly string[] {
  const lines = text.split('\n').map((line) => line.trim());
  return lines.filter((line) => line !== '');
}

describe('accepts', () => {
  it.each(stories)('$name', ({ name, seen }) => {
    const verdict = told.get(name)?.split('\n') ?? [];
    expect(verdict).toEqual(expect.arrayContaining([...linesOf(seen)]));
  });
});

describe('holds', () => {
  it('every verdict names development evidence, whatever else it says', () => {
    expect([...told.values()].filter((text) => !text.includes('development enclave'))).toEqual([]);
  });
});
