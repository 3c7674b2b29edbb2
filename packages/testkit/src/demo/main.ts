// `pnpm demo`: the whole system once, on one machine. PostgreSQL, a venue that speaks Binance's
// protocol, the real worker in a process of its own, and a gateway that may only enqueue and read
// what was released. It ends by holding the worker's hours against what the venue knows to be true.

import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import {
  absolute,
  compare,
  formatDecimal,
  parseDecimal,
  round,
  subtract,
  ZERO,
  type Decimal,
} from '@track-record/ledger';
import { formatHour, parseStatement } from '@track-record/statement';
import { sealIntake } from '@track-record/sealing/intake';
import { readQueues } from './queues.ts';
import { showRecord, showTruth, type ComparedHour } from './report.ts';
import { openStage, type Stage } from './stage.ts';

const HOUR_MS = 3_600_000;
/** A fixed past, so that every run of the demo shows the same record. */
const START = Date.UTC(2026, 0, 5);
const HOURS = 45 * 24;
const FILLS = 4_000;
const SEED = 7;
/** Connected here: the hours before are backfilled, the hours after are observed. */
const HOURS_BEFORE_CONNECTION = HOURS - 12;
/**
 * When in the hour the account is synchronised: the venue's entries of the hour before are final by
 * then.
 */
const SYNC_OFFSET_MS = 13 * 60_000 + 7_000;
const POLL_MS = 40;
const PATIENCE_MS = 120_000;
/** Of a signed return: docs/statement.md. */
const SIGNED_DIGITS = 6;
const TOLERANCE = parseDecimal('0.000000001');

/** Each demo has a directory of its own, so that two may run. */
const PARENT = '.track-record';

interface Account {
  readonly accountId: string;
  readonly ownerId: string;
}

const keep = process.argv.includes('--keep');
const interrupted = new Promise<number>((resolve) => {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve(130));
});

process.exitCode = await main();

async function main(): Promise<number> {
  const started = Date.now();
  mkdirSync(PARENT, { recursive: true });
  const directory = mkdtempSync(join(PARENT, 'demo-'));
  const stage = await openStage({
    directory,
    start: START,
    hours: HOURS,
    fills: FILLS,
    seed: SEED,
    say,
  });
  try {
    return await Promise.race([showRecordOf(stage, started), interrupted]);
  } catch (error) {
    process.stderr.write(stage.workerLog());
    throw error;
  } finally {
    await stage.close();
    rmSync(directory, { recursive: true });
  }
}

async function showRecordOf(stage: Stage, started: number): Promise<number> {
  const account = await connectAccount(stage);
  await followHours(stage, account);
  const hours = await compareWithTruth(stage, account);
  heading('The record');
  showRecord(hours, say);
  heading('Is it right?');
  showTruth(hours, say);
  heading('The queue, as the operator sees it');
  for (const line of await readQueues(stage.operatorUrl)) say(line);
  heading('track-record statement export, verify');
  const verified = verifyExport(stage, account);
  const wrong = hours.filter((hour) => !isWithinTolerance(hour));
  say(`Done in ${((Date.now() - started) / 1000).toFixed(1)} s.`);
  if (keep) await stayOpen(stage, account);
  return wrong.length === 0 && hours.length === HOURS && verified ? 0 : 1;
}

/**
 * As a gateway: the owner's client seals the keys to the enclave, the gateway carries what it
 * cannot read.
 */
async function connectAccount(stage: Stage): Promise<Account> {
  const { gateway, rpc, scenario } = stage;
  const account = { accountId: randomUUID(), ownerId: randomUUID() };
  stage.setClock(START + HOURS_BEFORE_CONNECTION * HOUR_MS + SYNC_OFFSET_MS);
  const { intakePublicKey } = await rpc.attestation(new Uint8Array());
  const sealedCredentials = await sealIntake(intakePublicKey, {
    ...account,
    venue: 'binance',
    fields: scenario.credentials,
  });
  heading('One account, 45 days');
  say(`Credentials  sealed by the owner to the enclave: ${sealedCredentials.length} bytes`);
  await gateway.connectAccount({
    ...account,
    venue: 'binance',
    sealedCredentials,
    historyFrom: START,
    // The owner's choice here, so that there is something to see at once.
    disclosure: { grid: 'hour', delayHours: 0, thin: 'told' },
  });
  const seconds = await untilSigned(stage, account, HOURS_BEFORE_CONNECTION);
  say(
    `Backfill     ${HOURS_BEFORE_CONNECTION} hours in ${seconds.toFixed(1)} s, ` +
      `${stage.venueRequests()} requests to the venue`,
  );
  return account;
}

/** The clock moves on hour by hour, and each hour the gateway asks for a synchronisation. */
async function followHours(stage: Stage, account: Account): Promise<void> {
  const started = Date.now();
  for (let count = HOURS_BEFORE_CONNECTION + 1; count <= HOURS; count += 1) {
    stage.setClock(START + count * HOUR_MS + SYNC_OFFSET_MS);
    await stage.gateway.enqueueSync(account.accountId, START + (count - 1) * HOUR_MS);
    await untilSigned(stage, account, count);
    progress(`Hours        ${count} of ${HOURS} signed`);
  }
  const seconds = (Date.now() - started) / 1000;
  progress('');
  const observed = HOURS - HOURS_BEFORE_CONNECTION;
  say(`Observed     ${observed} more hours as they passed, in ${seconds.toFixed(1)} s`);
}

/**
 * Waits until `count` hours are signed; a code that only the owner or an operator can clear ends
 * the demo.
 */
async function untilSigned(stage: Stage, account: Account, count: number): Promise<number> {
  const started = Date.now();
  const lastHour = START + (count - 1) * HOUR_MS;
  for (;;) {
    const status = await stage.gateway.status(account.accountId);
    if (status?.lastHourMs === lastHour) return (Date.now() - started) / 1000;
    const stuck = status !== null && status.code !== null && !status.syncing;
    if (stuck || Date.now() - started > PATIENCE_MS) {
      throw new Error(`The account did not reach its hour: ${status?.code ?? 'no code'}`);
    }
    await wait(POLL_MS);
  }
}

async function compareWithTruth(stage: Stage, account: Account): Promise<ComparedHour[]> {
  const truth = stage.scenario.truth();
  const hours: ComparedHour[] = [];
  const window = [START, START + HOURS * HOUR_MS] as const;
  const signed = new Map<string, string | null>();
  for await (const { body } of stage.rpc.statements(account.accountId, ...window)) {
    const statement = parseStatement(body);
    signed.set(statement.hour, statement.return);
  }
  for await (const shown of stage.rpc.hourlyReturns(account.accountId, ...window)) {
    const hourlyReturn = signed.get(formatHour(shown.hourMs)) ?? null;
    const expected = truth[hours.length]?.return ?? null;
    const text = expected === null ? null : formatDecimal(round(expected, SIGNED_DIGITS));
    hours.push({
      hour: shown.hourMs,
      ours: { ...shown, hourlyReturn },
      truth: text,
      difference: differenceOf(hourlyReturn, text),
    });
  }
  return hours;
}

/** Absolute difference of two returns; null when exactly one of them is missing. */
function differenceOf(ours: string | null, truth: string | null): Decimal | null {
  if (ours === null || truth === null) return ours === truth ? ZERO : null;
  return absolute(subtract(parseDecimal(ours), parseDecimal(truth)));
}

function isWithinTolerance({ difference }: ComparedHour): boolean {
  return difference !== null && compare(difference, TOLERANCE) <= 0;
}

/** As anybody would: export from the door, then verify the file without this process. */
function verifyExport(stage: Stage, account: Account): boolean {
  const path = join(stage.directory, 'export.json');
  const policy = join(stage.directory, 'policy.json');
  writeFileSync(policy, JSON.stringify({ allowDevelopmentEvidence: true }));
  const door = ['--endpoint', stage.endpoint, '--certificate', stage.certificateFile];
  return (
    runVerb(['statement', 'export', '--account', account.accountId, ...door, '-o', path]) &&
    runVerb(['verify', path, '--policy', policy])
  );
}

function runVerb(args: readonly string[]): boolean {
  const main = join(import.meta.dirname, '../../../cli/src/main.ts');
  const run = spawnSync(process.execPath, ['--conditions=@track-record/source', main, ...args], {
    encoding: 'utf8',
  });
  say(`${run.stdout}${run.stderr}`.trimEnd());
  return run.status === 0;
}

async function stayOpen(stage: Stage, account: Account): Promise<void> {
  heading('Left running; Ctrl-C ends it');
  say(`gRPC         ${stage.endpoint}, certificate in ${stage.directory}/enclave.pem`);
  say(`Account      ${account.accountId}`);
  say(`Gateway      ${stage.gatewayUrl}`);
  say(`Operator     ${stage.operatorUrl}`);
  const files = `${stage.directory}/export.json --policy ${stage.directory}/policy.json`;
  say(`Verify       pnpm --silent track-record verify ${files}`);
  await interrupted;
}

function heading(title: string): void {
  say(`\n${title}\n${'─'.repeat(title.length)}`);
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** One line that is written over, on a terminal only. */
function progress(line: string): void {
  if (process.stdout.isTTY) process.stdout.write(`\r\u001B[K${line}`);
}
