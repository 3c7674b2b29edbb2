// Every venue is a folder with a `venue.ts`, here or among the exchanges that ccxt knows. Only the
// folders that are named are loaded, so a deployment need ship no other.

import { existsSync } from 'node:fs';
import { RecordError } from '@track-record/errors';
import type { Connector } from './ccxt/connector.ts';
import type { Venue } from './contract.ts';

/** Holds venues and is none. */
const FAMILY = 'ccxt';

/** What a `venue.ts` exports. */
export interface VenueFolder {
  readonly venue: Venue;
  /** The tables that the venue is made of, where it is one of ccxt's. */
  readonly connector?: Connector;
  /** What the owner's query must have, by section, where the owner makes one. */
  readonly query?: Readonly<Record<string, string>>;
}

/** The venues of these ids. VENUE_UNKNOWN when there is no connector for one. */
export async function loadVenues(ids: readonly string[]): Promise<ReadonlyMap<string, Venue>> {
  const folders = ids.map(async (id) => [id, (await loadFolder(id)).venue] as const);
  return new Map(await Promise.all(folders));
}

export async function loadFolder(id: string): Promise<VenueFolder> {
  // The name of a folder and nothing else becomes a part of a path.
  const isFolder = (path: string): boolean =>
    /^[a-z0-9]+$/.test(id) && id !== FAMILY && existsSync(new URL(path, import.meta.url));
  if (isFolder(`./ccxt/${id}/`)) return parseFolder(await import(`./ccxt/${id}/venue.ts`));
  if (isFolder(`./${id}/`)) return parseFolder(await import(`./${id}/venue.ts`));
  throw new RecordError('VENUE_UNKNOWN');
}

function parseFolder(module: unknown): VenueFolder {
  return module as VenueFolder;
}
