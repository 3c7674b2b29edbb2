// `docs/rooms.md` as a value: which room may import what from which other room.
//
// The third column holds `nothing`, `any`, or a list of
//   store              anything the room exports
//   rpc/client         that entry point only; a star stands for one folder
//   types of ledger    type-only imports
//   type Secret of sealing   that type only

import { roomOf } from './source-file.ts';

export interface Grant {
  readonly room: string;
  /** Entry point below the room, as a pattern; null when every entry point is granted. */
  readonly entry: RegExp | null;
  readonly typesOnly: boolean;
  /** The only name granted; null when every name is. */
  readonly name: string | null;
}

export interface RoomRow {
  readonly room: string;
  readonly line: number;
  readonly purpose: string;
  /** `any` when the room may import every other one. */
  readonly grants: readonly Grant[] | 'any';
}

const HEADER = /^\| *room *\| *one line *\| *may import *\|$/;

export function parseRoomTable(text: string): readonly RoomRow[] {
  const lines = text.split('\n');
  const header = lines.findIndex((line) => HEADER.test(line));
  if (header === -1) throw new Error('docs/rooms.md has no table "room | one line | may import".');
  const end = lines.findIndex((line, at) => at > header && !line.startsWith('|'));
  const first = header + 2;
  return lines.slice(first, end === -1 ? lines.length : end).map((line, at) => {
    const [room, purpose, grants] = line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim());
    if (room === undefined || purpose === undefined || grants === undefined) {
      throw new Error(`docs/rooms.md:${first + at + 1} is not a row of three cells.`);
    }
    const folder = room.replaceAll('`', '').replace(/\/$/, '');
    return {
      room: roomOf(folder),
      line: first + at + 1,
      purpose,
      grants: parseGrants(grants.replaceAll('`', '')),
    };
  });
}

export function findGrant(
  row: RoomRow,
  wanted: {
    readonly room: string;
    readonly entry: string;
    readonly name: string;
    readonly isType: boolean;
  },
): boolean {
  if (row.grants === 'any' || wanted.room === row.room) return true;
  return row.grants.some(
    (grant) =>
      grant.room === wanted.room &&
      (grant.entry === null || grant.entry.test(wanted.entry)) &&
      (!grant.typesOnly || wanted.isType) &&
      (grant.name === null || grant.name === wanted.name),
  );
}

function parseGrants(cell: string): readonly Grant[] | 'any' {
  if (cell === 'any') return 'any';
  if (cell === 'nothing') return [];
  return cell.split(',').map((item) => parseGrant(item.trim()));
}

function parseGrant(item: string): Grant {
  const match =
    /^(?:type (?<name>\w+) of |(?<types>types) of )?(?<room>[a-z]+)(?:\/(?<entry>[\w*/-]+))?$/.exec(
      item,
    );
  const groups = match?.groups;
  if (groups?.['room'] === undefined) throw new Error(`docs/rooms.md: "${item}" is not a grant.`);
  const { name, types, room, entry } = groups;
  return {
    room,
    entry: entry === undefined ? null : new RegExp(`^${entry.replaceAll('*', '[^/]+')}$`),
    typesOnly: name !== undefined || types !== undefined,
    name: name ?? null,
  };
}
