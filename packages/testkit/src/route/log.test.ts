// The public log over a real database: it grows by hashes, is shown as C2SP tiles from which every
// proof can be made, and signs nothing more once rows or the whole database were put back.

import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import type { SignedStatement } from '@track-record/statement';
import {
  checkExtends,
  hashLeaf,
  proveConsistency,
  proveInclusion,
  proveRecord,
  tileTree,
  treeOf,
  treeRoot,
  verifyInclusion,
} from '@track-record/statement/log';
import { verify } from '../../../cli/src/verbs/verify.ts';
import { exportOf, sampleKey, signHours } from '../attacks/sample-export.ts';
import { openPublicLog, type PublicLog } from './public-log.ts';

const opened: PublicLog[] = [];

async function open(isShown = true): Promise<PublicLog> {
  const log = await openPublicLog(isShown);
  opened.push(log);
  return log;
}

afterEach(async () => {
  for (const log of opened.splice(0)) await log.close();
});

async function countOf({ admin }: PublicLog, table: string): Promise<number> {
  const found = await admin.query(`select count(*)::int as n from record.${table}`);
  return found.rows[0].n;
}

/** The hour that the administrator goes back to. */
const AN_HOUR_AGO = `
  delete from record.log_checkpoint where size > 5;
  delete from record.log_hash where position >= 5;
  insert into record.log_pending select hash from record.statement
    where hash not in (select hash from record.log_hash) on conflict do nothing`;

describe('accepts', () => {
  test('statements of several accounts, in batches, beyond one tile', async () => {
    const log = await open();
    for (const count of [3, 250, 1, 300]) {
      const before = countOf(log, 'log_hash');
      const hashes = await log.state(count);
      const old = (await before) === 0 ? null : await log.checkpoint();
      expect(await log.publish()).toBe('DONE');
      const checkpoint = await log.checkpoint();
      const { subtrees, indexOf } = await log.tree();
      expect(checkpoint.root).toEqual(await subtrees(0, checkpoint.size));
      for (const hash of hashes.slice(-2)) {
        const leaf = await hashLeaf(hash);
        const index = await indexOf(leaf);
        const path = await proveInclusion(subtrees, index, checkpoint.size);
        await verifyInclusion(checkpoint, index, leaf, path);
      }
      if (old === null) continue;
      const growth = await proveConsistency(subtrees, old.size, checkpoint.size);
      await checkExtends(old, checkpoint, growth);
    }
    expect(await countOf(log, 'log_pending')).toBe(0);
    // The same tree, made of nothing but the entries that everybody reads.
    const entries = ['000', '001', '002.p/42'].flatMap((name) => {
      const bundle = readFileSync(join(log.folder, 'tile/entries', name));
      return Array.from({ length: bundle.length / 34 }, (_each, at) => {
        expect(bundle.readUInt16BE(at * 34)).toBe(32);
        return bundle.subarray(at * 34 + 2, (at + 1) * 34);
      });
    });
    const leaves = await Promise.all(entries.map(hashLeaf));
    const checkpoint = await log.checkpoint();
    expect(await treeRoot(leaves)).toEqual(checkpoint.root);
    const { subtrees } = await log.tree();
    expect(await subtrees(300, 301)).toEqual(await treeOf(leaves).subtrees(300, 301));
  });

  test('nothing new: the same checkpoint, and with a witness on it too', async () => {
    const log = await open();
    expect(await log.publish()).toBe('DONE');
    expect(await log.read('checkpoint')).toBeNull();
    await log.state(2);
    expect(await log.publish()).toBe('DONE');
    const witnessed = `${String(await log.read('checkpoint'))}\u2014 witness.example AAAAAAA=\n`;
    writeFileSync(join(log.folder, 'checkpoint'), witnessed);
    expect(await log.publish('started now')).toBe('DONE');
    expect(String(await log.read('checkpoint'))).toBe(witnessed);
  });

  test('a folder that was lost is filled again', async () => {
    const log = await open();
    await log.state(300);
    expect(await log.publish()).toBe('DONE');
    rmSync(log.folder, { recursive: true });
    mkdirSync(log.folder);
    expect(await log.publish()).toBe('DONE');
    const { size, root } = await log.checkpoint();
    expect(await (await log.tree()).subtrees(0, size)).toEqual(root);
  });
});

describe('refuses', () => {
  const tamperings: readonly (readonly [name: string, statements: string, code: string])[] = [
    ['the whole log put back an hour', AN_HOUR_AGO, 'LOG_ROLLED_BACK'],
    [
      'the last checkpoint is gone',
      'delete from record.log_checkpoint where size > 5',
      'LOG_ROLLED_BACK',
    ],
    ['every checkpoint is gone', 'delete from record.log_checkpoint', 'LOG_ROLLED_BACK'],
    [
      'a leaf is another',
      `update record.log_hash set hash = sha256('x') where position = 7`,
      'LOG_SPLIT_VIEW',
    ],
    [
      'two leaves are exchanged',
      `update record.log_hash mine set hash = other.hash from record.log_hash other
       where (mine.position, other.position) in ((6, 7), (7, 6))`,
      'LOG_SPLIT_VIEW',
    ],
    ['a leaf is gone', 'delete from record.log_hash where position = 7', 'LOG_SPLIT_VIEW'],
    [
      'a checkpoint says another size',
      `update record.log_checkpoint set note = replace(note, E'\\n8\\n', E'\\n9\\n')`,
      'LOG_SIGNATURE_INVALID',
    ],
    [
      'a checkpoint is none',
      `update record.log_checkpoint set note = 'x'`,
      'LOG_SIGNATURE_INVALID',
    ],
  ];
  test.each(tamperings.map(([name, statements, code]) => [name, code, statements] as const))(
    '%s, for the worker that ran and for one that starts: %s',
    async (_name, code, statements) => {
      const log = await open();
      await log.state(5);
      expect(await log.publish()).toBe('DONE');
      await log.state(3);
      expect(await log.publish()).toBe('DONE');
      const shown = await log.read('checkpoint');
      await log.tamper(statements);
      await log.state(2);
      expect(await log.publish()).toBe(code);
      expect(await log.publish('started now')).toBe(code);
      expect(await log.read('checkpoint')).toEqual(shown);
    },
  );

  test('a database put back, without a folder: the worker that ran remembers', async () => {
    const log = await open(false);
    await log.state(5);
    expect(await log.publish()).toBe('DONE');
    await log.state(3);
    expect(await log.publish()).toBe('DONE');
    await log.tamper(AN_HOUR_AGO);
    expect(await log.publish()).toBe('LOG_ROLLED_BACK');
  });

  test('to show a log where a file stands in the way of the folder', async () => {
    const log = await open();
    await log.state(1);
    writeFileSync(join(log.folder, 'tile'), '');
    expect(await log.publish()).toBe('LOG_UNPUBLISHED');
    rmSync(join(log.folder, 'tile'));
    expect(await log.publish()).toBe('DONE');
  });
});

describe('holds', () => {
  test('several workers at once make one log', async () => {
    const log = await open();
    for (const count of [40, 5]) {
      await log.state(count);
      const ends = await Promise.all([
        log.publish(),
        log.publish('started now'),
        log.publish('started now'),
      ]);
      expect(ends).toEqual(['DONE', 'DONE', 'DONE']);
    }
    expect(await countOf(log, 'log_hash')).toBe(45);
    expect(await countOf(log, 'log_checkpoint')).toBe(2);
  });

  test('who puts back both database and folder is found by whoever kept a checkpoint', async () => {
    const log = await open();
    await log.state(5);
    expect(await log.publish()).toBe('DONE');
    cpSync(log.folder, `${log.folder}-kept`, { recursive: true });
    await log.state(3);
    expect(await log.publish()).toBe('DONE');
    const kept = await log.checkpoint();
    await log.tamper(AN_HOUR_AGO);
    await log.tamper('delete from record.log_pending');
    rmSync(log.folder, { recursive: true });
    cpSync(`${log.folder}-kept`, log.folder, { recursive: true });
    rmSync(`${log.folder}-kept`, { recursive: true });
    // A worker that starts now has nothing that says otherwise, and signs another history.
    await log.state(4);
    expect(await log.publish('started now')).toBe('DONE');
    const forked = await log.checkpoint();
    expect(forked.size).toBe(9);
    const { subtrees } = await log.tree();
    const growth = await proveConsistency(subtrees, kept.size, forked.size);
    await expect(checkExtends(kept, forked, growth)).rejects.toMatchObject({
      code: 'LOG_INCONSISTENT',
    });
  });

  test('what an allocator with yesterday’s checkpoint sees of an export', async () => {
    const log = await open();
    const key = await sampleKey(0x33);
    const hour = (): object => ({});
    const statements = await signHours(key, 'ab'.repeat(16), [hour, hour, hour, hour]);
    await log.state(5);
    expect(await log.publish()).toBe('DONE');
    cpSync(log.folder, `${log.folder}-hour-ago`, { recursive: true });
    await log.stateSigned(statements.slice(0, 3));
    expect(await log.publish()).toBe('DONE');
    const yesterday = fileIn(log, 'yesterday', String(await log.read('checkpoint')));
    const policy = fileIn(log, 'policy', '{"allowDevelopmentEvidence":true}');

    const see = async (shown: readonly SignedStatement[], options: object): Promise<string> => {
      const { size } = await log.checkpoint();
      const tree = tileTree(log.read, size);
      const note = String(await log.read('checkpoint'));
      const proof = await proveRecord(note, tree, shown.at(-1)?.hash ?? '');
      const file = await exportOf(key, shown, proof);
      const binding = { ...Object(file.evidence['binding']), logPublicKey: log.publicKey };
      const evidence = { ...file.evidence, binding };
      const record = fileIn(log, 'record.json', JSON.stringify({ ...file, evidence }));
      const at = '2026-02-01T00:00:00Z';
      const { text } = await verify.run({
        options: { policy, at, ...options },
        positionals: [record],
        stdin: process.stdin,
        progress: () => undefined,
      });
      return text;
    };
    const kept = { checkpoint: yesterday, log: log.folder };

    const today = await see(statements.slice(0, 3), kept);
    expect(today).toContain('passed       the public log still holds everything');
    expect(today).toContain('passed       the record is in the public log, up to its last hour');

    // The administrator puts back the database and the folder, and takes out the third hour.
    await log.tamper(AN_HOUR_AGO);
    await log.tamper('delete from record.log_pending');
    rmSync(join(log.folder, 'tile'), { recursive: true });
    cpSync(`${log.folder}-hour-ago`, log.folder, { recursive: true });
    rmSync(`${log.folder}-hour-ago`, { recursive: true });
    await log.state(1);
    const two = statements.slice(0, 2);
    const hashes = two.map(({ hash }) => `('\\x${hash}'::bytea)`).join();
    await log.tamper(`insert into record.log_pending values ${hashes}`);
    expect(await log.publish('started now')).toBe('DONE');
    expect(await see(two, kept)).toContain('LOG_SPLIT_VIEW');
    await log.state(9);
    expect(await log.publish('started now')).toBe('DONE');
    expect(await see(two, kept)).toContain('LOG_INCONSISTENT');
    // Without a checkpoint of the day before nothing is wrong with it.
    expect(await see(two, {})).toContain('VERIFIED');
  });
});

function fileIn({ folder }: PublicLog, name: string, text: string): string {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
}
