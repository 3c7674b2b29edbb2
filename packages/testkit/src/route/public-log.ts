// A public log over a database and a folder of a test's own, and whoever owns either.

import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { codeOf } from '@track-record/errors';
import { publishCheckpoint } from '@track-record/jobs/publish-checkpoint/route';
import type { SignedStatement } from '@track-record/statement';
import {
  noteKey,
  tileTree,
  verifyCheckpoint,
  type LogTree,
  type ReadPublished,
  type VerifiedCheckpoint,
} from '@track-record/statement/log';
import { logSignerFromSeed } from '@track-record/statement/log/signer';
import { insertAccount, insertRows, openStore, storeFailure } from '@track-record/store';
import pg from 'pg';
import { openLogDesk } from '@track-record/worker/log-desk';
import { sampleAccount, sampleStatements } from '../postgres/sample-record.ts';
import { freshDatabase } from '../postgres/template-database.ts';

const SEED = new Uint8Array(32).fill(0x6c);
const TABLES = ['log_hash', 'log_checkpoint', 'log_pending'];

export interface PublicLog {
  readonly folder: string;
  readonly admin: pg.Pool;
  /** Another account with this many statements; their hashes. */
  readonly state: (count: number) => Promise<readonly Uint8Array[]>;
  /** The same of one whose statements are signed. */
  readonly stateSigned: (signed: readonly SignedStatement[]) => Promise<void>;
  /** Hex, as evidence names it. */
  readonly publicKey: string;
  /** `DONE`, or its code, of the worker that has run all the time or one that starts now. */
  readonly publish: (which?: 'running' | 'started now') => Promise<string>;
  readonly read: ReadPublished;
  /** What is shown now, verified as a reader does. */
  readonly checkpoint: () => Promise<VerifiedCheckpoint>;
  readonly tree: () => Promise<LogTree>;
  /** As a superuser for whom triggers do not count. */
  readonly tamper: (statements: string) => Promise<void>;
  readonly close: () => Promise<void>;
}

/** `isShown`: in a folder; otherwise by the door alone. */
export async function openPublicLog(isShown = true): Promise<PublicLog> {
  const database = await freshDatabase();
  const store = openStore(database.urlFor('enclave_worker'), { connectionsMax: 4 });
  const admin = new pg.Pool({ connectionString: database.url, max: 2 });
  admin.on('error', () => undefined);
  const folder = mkdtempSync(join(tmpdir(), 'track-record-log-'));
  const signer = await logSignerFromSeed(SEED);
  const shownIn = isShown ? folder : undefined;
  const running = openLogDesk(signer, shownIn);
  const read: ReadPublished = async (path) => {
    const file = join(folder, path);
    return existsSync(file) ? readFileSync(file) : null;
  };
  const checkpoint = async (): Promise<VerifiedCheckpoint> => {
    const note = String(await read('checkpoint'));
    const key = await noteKey('log', note.slice(0, note.indexOf('\n')), signer.publicKey);
    return verifyCheckpoint(note, { key, witnesses: [], witnessesMin: 0 });
  };
  const connect = async (): Promise<string> => {
    const account = sampleAccount();
    await insertAccount(store.db, account);
    return account.accountId;
  };
  return {
    folder,
    admin,
    read,
    checkpoint,
    tree: async () => tileTree(read, (await checkpoint()).size),
    publicKey: Buffer.from(signer.publicKey).toString('hex'),
    state: async (count) => {
      const statements = sampleStatements(await connect(), count);
      await insertRows(store.db, 'record.statement', statements);
      return statements.map(({ hash }) => hash);
    },
    stateSigned: async (signed) => {
      const hashes = signed.map(({ hash }) => Buffer.from(hash, 'hex'));
      const rows = sampleStatements(await connect(), signed.length).map((row, at) => ({
        ...row,
        hash: hashes[at] ?? row.hash,
        previous: hashes[at - 1] ?? null,
      }));
      await insertRows(store.db, 'record.statement', rows);
    },
    publish: async (which = 'running') => {
      const desk = which === 'running' ? running : openLogDesk(signer, shownIn);
      const job = { db: store.db, settle: () => Promise.resolve() };
      return publishCheckpoint(job, desk).then(
        () => 'DONE',
        (error: unknown) => codeOf(storeFailure(error)),
      );
    },
    tamper: async (statements) => {
      const all = (act: string): string =>
        TABLES.map((table) => `alter table record.${table} ${act} trigger all`).join(';');
      await admin.query(`${all('disable')}; ${statements}; ${all('enable')}`);
      // That every trigger holds again for everybody.
      await admin.query('alter table record.log_hash enable always trigger append_only');
    },
    close: async () => {
      await store.close();
      await admin.end();
      await database.drop();
      rmSync(folder, { recursive: true });
    },
  };
}
