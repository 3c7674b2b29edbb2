// The state of accounts as it changes. However many watch, the database is asked once per interval,
// for all their owners together. It is not told by the database: a notification would make every
// commit of every worker wait for one lock (docs/decisions/0014-who-may-ask.md).

import { RecordError } from '@track-record/errors';
import type { OwnedStatus, RpcSources } from './sources.ts';

/** A progress bar that moves each second is alive. */
const INTERVAL_MS = 1_000;
/** Owners whose accounts one question can be about. */
const OWNERS_MAX = 512;

/** The accounts of an owner that `isWanted`: all, then at each turn those that changed. */
export type WatchStatus = (
  ownerId: string,
  isWanted: (accountId: string) => boolean,
) => AsyncGenerator<readonly OwnedStatus[]>;

export function createWatch(look: RpcSources['statusOf']): WatchStatus {
  const owners = new Map<string, { watchers: number }>();
  let turn: Promise<readonly OwnedStatus[]> | null = null;

  /** What the database says at the next turn, which begins after this question. */
  function nextTurn(): Promise<readonly OwnedStatus[]> {
    turn ??= new Promise((resolve) => {
      setTimeout(() => {
        turn = null;
        resolve(look([...owners.keys()]));
      }, INTERVAL_MS).unref();
    });
    return turn;
  }

  return async function* (ownerId, isWanted) {
    const watched = owners.get(ownerId) ?? { watchers: 0 };
    if (watched.watchers === 0 && owners.size >= OWNERS_MAX)
      throw new RecordError('RPC_OVERLOADED');
    watched.watchers += 1;
    owners.set(ownerId, watched);
    const told = new Map<string, string>();
    let isFirst = true;
    try {
      for (let found = await look([ownerId]); ; found = await nextTurn()) {
        const ours = found.filter((each) => each.ownerId === ownerId && isWanted(each.accountId));
        const changed = ours.filter((each) => told.get(each.accountId) !== JSON.stringify(each));
        for (const each of changed) told.set(each.accountId, JSON.stringify(each));
        if (changed.length > 0 || isFirst) yield changed;
        isFirst = false;
      }
    } finally {
      watched.watchers -= 1;
      if (watched.watchers === 0) owners.delete(ownerId);
    }
  };
}
