// The room arrows: what a package.json declares and what a source imports must both stand in
// docs/rooms.md.

import type { ImportGraph } from '../import-graph.ts';
import type { Manifest } from '../manifests.ts';
import { findGrant, type RoomRow } from '../room-table.ts';
import { roomOf, type SourceFile } from '../source-file.ts';
import type { Violation } from '../violation.ts';

const RULE = 'room-arrow';
const SCOPE = '@track-record/';

/** Tests may import it, and nothing that ships may. */
const TEST_ROOM = 'testkit';

export function findArrowViolations(
  sources: readonly SourceFile[],
  graph: ImportGraph,
  manifests: readonly Manifest[],
  table: readonly RoomRow[],
): readonly Violation[] {
  const rows = new Map(table.map((row) => [row.room, row]));
  return [
    ...findUnlistedRooms(rows, manifests),
    ...manifests.flatMap((manifest) => findDeclaredArrows(manifest, rows.get(manifest.room))),
    ...sources.flatMap((file) => findImportedArrows(file, graph, rows.get(file.room))),
  ];
}

function findUnlistedRooms(
  rows: ReadonlyMap<string, RoomRow>,
  manifests: readonly Manifest[],
): readonly Violation[] {
  const rooms = new Set(
    manifests.map((manifest) => manifest.room).filter((room) => room !== 'root'),
  );
  const unlisted = [...rooms]
    .filter((room) => !rows.has(room))
    .map((room) => violation('docs/rooms.md', 1, `the room ${room} has no row.`));
  const empty = [...rows.values()]
    .filter((row) => !rooms.has(row.room))
    .map((row) => violation('docs/rooms.md', row.line, `there is no room ${row.room}.`));
  return [...unlisted, ...empty];
}

/**
 * A dependency is declared per room, so only the room is compared; what is taken from it is
 * compared per import.
 */
function findDeclaredArrows(manifest: Manifest, row: RoomRow | undefined): readonly Violation[] {
  if (row === undefined || row.grants === 'any') return [];
  const granted = new Set(row.grants.map((grant) => grant.room));
  const refuse = (dependencies: Readonly<Record<string, string>>): readonly string[] =>
    Object.keys(dependencies)
      .filter((name) => name.startsWith(SCOPE))
      .map((name) => name.slice(SCOPE.length))
      .filter((room) => !granted.has(room));
  const shipped = refuse({ ...manifest.dependencies, ...manifest.optionalDependencies });
  const tests = refuse(manifest.devDependencies).filter((room) => room !== TEST_ROOM);
  return [...shipped, ...tests].map((room) =>
    violation(
      manifest.path,
      1,
      `${manifest.room} depends on ${room}; docs/rooms.md does not allow it.`,
    ),
  );
}

function findImportedArrows(
  file: SourceFile,
  graph: ImportGraph,
  row: RoomRow | undefined,
): readonly Violation[] {
  return (graph.get(file.path) ?? []).flatMap((each) => {
    if (!each.specifier.startsWith(SCOPE)) {
      const reaches = each.target === null ? file.room : roomOf(each.target);
      const mayReach = row?.grants === 'any' || (file.isTest && reaches === TEST_ROOM);
      return reaches === file.room || mayReach
        ? []
        : [violation(file.path, each.line, 'a relative import leaves the room.')];
    }
    if (row === undefined) return [];
    const [room = '', ...rest] = each.specifier.slice(SCOPE.length).split('/');
    if (file.isTest && room === TEST_ROOM) return [];
    const wanted = { room, entry: rest.join('/'), isType: each.isType };
    return each.names
      .filter((name) => !findGrant(row, { ...wanted, name }))
      .map((name) =>
        violation(
          file.path,
          each.line,
          `${file.room} imports ${name} of ${room}; docs/rooms.md does not allow it.`,
        ),
      );
  });
}

function violation(path: string, line: number, sentence: string): Violation {
  return { path, line, rule: RULE, sentence };
}
