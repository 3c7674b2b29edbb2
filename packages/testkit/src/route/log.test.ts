// The public log over a real database: it grows by hashes, is shown as C2SP tiles from which every
// proof can be made, and signs nothing more once rows or the whole database were put back.

import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import {
  checkExtends,
  hashLeaf,
  proveConsistency,
  proveInclusion,
  treeOf,
  treeRoot,
  verifyInclusion,
} from '@track-record/statement/log';
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
    ['a checkpoint is none', `update record.log_checkpoint set note = 'x'`, 'LOG_MALFORMED'],
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
});
