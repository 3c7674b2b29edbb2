// The public log grows: the hashes of new statements become leaves, the new head is signed, and
// what is new is shown where everybody reads it (C2SP tlog-tiles). Before it signs it asks whether
// the database still holds the tree that was signed last, and the one that was shown: rows that
// were changed or put back to an earlier day get no other signature. Rows and what is shown are
// untrusted; a note of our own key is believed.

import { RecordError } from '@track-record/errors';
import type { LogSigner } from '@track-record/statement/log/signer';
import * as tree from '@track-record/statement/log/tree';
import {
  insertRows,
  latestCheckpoint,
  loadLogNodes,
  lockLog,
  takePending,
  type Database,
  type LogNode,
} from '@track-record/store';
import type { Kysely, Transaction } from 'kysely';
import type { RouteContext } from '../context.ts';

/** The log's key, and where it is shown. */
export interface LogDesk {
  readonly signer: LogSigner;
  /** The checkpoint that this process showed last, and the one that is there: outside of rows. */
  readonly remembered: () => string | null;
  readonly shown: () => Promise<string | null>;
  /** LOG_UNPUBLISHED. Each file appears whole; the checkpoint comes last. */
  readonly show: (path: string, content: Uint8Array | string) => Promise<void>;
}

/** About a second of hashing, in one transaction. */
const LEAVES_MAX = 8_192;
export const CHECKPOINT = 'checkpoint';

/**
 * LOG_ROLLED_BACK, LOG_SPLIT_VIEW, LOG_INCONSISTENT when the database is not the one that was
 * signed for; LOG_SIGNATURE_INVALID when a checkpoint is none of ours.
 */
export async function publishCheckpoint(
  context: Pick<RouteContext, 'db' | 'settle'>,
  log: LogDesk,
): Promise<void> {
  const inTurn = <T>(work: (trx: Transaction<Database>) => Promise<T>): Promise<T> =>
    context.db.transaction().execute(async (trx) => {
      await lockLog(trx);
      return work(trx);
    });
  while ((await inTurn((trx) => extendLog(trx, log))) === LEAVES_MAX);
  // What is shown must be committed before: nobody can take it back.
  await inTurn(async (trx) => {
    await showLog(trx, log);
    await context.settle(trx, { hours: 0 });
  });
}

/** How many leaves it added. */
async function extendLog(trx: Transaction<Database>, log: LogDesk): Promise<number> {
  const latest = await latestCheckpoint(trx);
  let size = latest === null ? 0 : (await log.signer.read(latest)).size;
  for (const note of [latest, log.remembered(), await log.shown()]) {
    if (note !== null) await checkKept(trx, size, await log.signer.read(note));
  }
  const hashes = await takePending(trx, LEAVES_MAX);
  if (hashes.length === 0) return 0;
  const edge = await edgeAt(trx, size);
  const nodes: LogNode[] = [];
  for (const hash of hashes) {
    size += 1;
    await tree.appendNode(edge, await tree.hashLeaf(hash), (level, node) =>
      nodes.push({
        level,
        position: tree.nodesAt(level, size) - 1,
        hash: level === 0 ? hash : node,
      }),
    );
  }
  await insertRows(trx, 'record.log_hash', nodes);
  const note = await log.signer.sign(size, await tree.edgeRoot(edge));
  await insertRows(trx, 'record.log_checkpoint', [{ size, note }]);
  return hashes.length;
}

/** That the tree of the database, of `size` leaves, still begins with the one of a checkpoint. */
async function checkKept(
  db: Kysely<Database>,
  size: number,
  signed: { readonly size: number; readonly root: string },
): Promise<void> {
  if (signed.size > size) throw new RecordError('LOG_ROLLED_BACK');
  const root = await tree.edgeRoot(await edgeAt(db, signed.size));
  if (Buffer.from(root).toString('base64') === signed.root) return;
  throw new RecordError(signed.size === size ? 'LOG_SPLIT_VIEW' : 'LOG_INCONSISTENT');
}

async function edgeAt(db: Kysely<Database>, size: number): Promise<tree.TreeEdge> {
  const edge: tree.TreeEdge = [];
  for (let level = 0, nodes = size; nodes > 0; nodes = tree.nodesAt(++level, size)) {
    edge.push(await loadTile(db, level, nodes - (nodes % tree.TILE_WIDTH), nodes));
  }
  return edge;
}

async function loadTile(
  db: Kysely<Database>,
  level: number,
  from: number,
  to: number,
): Promise<tree.TreeHash[]> {
  const rows = await loadLogNodes(db, level, from, to);
  return level === 0
    ? Promise.all(rows.map(tree.hashLeaf))
    : rows.map((hash) => Uint8Array.from(hash));
}

async function showLog(trx: Transaction<Database>, log: LogDesk): Promise<void> {
  const note = await latestCheckpoint(trx);
  if (note === null) return;
  const shown = await log.shown();
  // Witnesses may have added their lines.
  if (shown?.startsWith(note) === true) return;
  const from = shown === null ? 0 : (await log.signer.read(shown)).size;
  const { size } = await log.signer.read(note);
  for (let level = 0, nodes = size; nodes > 0; nodes = tree.nodesAt(++level, size)) {
    const first = Math.floor(tree.nodesAt(level, from) / tree.TILE_WIDTH);
    for (let tile = first; tile * tree.TILE_WIDTH < nodes; tile += 1) {
      const start = tile * tree.TILE_WIDTH;
      const end = Math.min(nodes, start + tree.TILE_WIDTH);
      const hashes = await loadTile(trx, level, start, end);
      await log.show(tree.tilePath(String(level), tile, nodes), Buffer.concat(hashes));
      if (level > 0) continue;
      const entries = (await loadLogNodes(trx, 0, start, end)).map((hash) => [0, 32, ...hash]);
      await log.show(tree.tilePath('entries', tile, nodes), Uint8Array.from(entries.flat()));
    }
  }
  await log.show(CHECKPOINT, note);
}
