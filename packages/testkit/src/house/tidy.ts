// `pnpm tidy`: the habits of the house as one function over the repository. It prints each
// violation as `file:line rule: sentence` and exits 1; a test runs the same function.

import { exemptions, type Exemption } from './exemptions.ts';
import { buildImportGraph } from './import-graph.ts';
import { readManifests } from './manifests.ts';
import { readRepository, readText, repositoryRoot, type Repository } from './repository.ts';
import { parseRoomTable } from './room-table.ts';
import { ambientRules } from './rules/ambient.ts';
import { findArrowViolations } from './rules/arrows.ts';
import { failureRules } from './rules/failures.ts';
import { findModuleViolations } from './rules/modules.ts';
import { moneyRules } from './rules/money.ts';
import { nameRules } from './rules/names.ts';
import type { FileRule } from './rules/rule.ts';
import { sizeRules } from './rules/size.ts';
import { findSupplyViolations } from './rules/supply.ts';
import { findTextViolations } from './rules/texts.ts';
import { typeRules } from './rules/types.ts';
import type { SourceFile } from './source-file.ts';
import { printViolation, type Violation } from './violation.ts';

const fileRules: readonly FileRule[] = [
  ...sizeRules,
  ...typeRules,
  ...failureRules,
  ...ambientRules,
  ...moneyRules,
  ...nameRules,
];

export function findViolations(repository: Repository): readonly Violation[] {
  const { sources, texts } = repository;
  const manifests = readManifests(texts);
  const graph = buildImportGraph(sources, manifests);
  const table = parseRoomTable(readText(repository, 'docs/rooms.md'));
  return [
    ...sources.flatMap(findFileViolations),
    ...findModuleViolations(sources, graph, manifests),
    ...findArrowViolations(sources, graph, manifests, table),
    ...findSupplyViolations(manifests, texts),
    ...findTextViolations(texts),
  ];
}

export function findFileViolations(file: SourceFile): readonly Violation[] {
  return fileRules.flatMap((rule) =>
    rule.find(file).map((finding) => ({ path: file.path, rule: rule.name, ...finding })),
  );
}

/** Takes away what is exempt; an exemption that no longer holds exactly is itself a violation. */
export function applyExemptions(
  violations: readonly Violation[],
  exempt: readonly Exemption[],
): readonly Violation[] {
  const covers = (each: Exemption) => (violation: Violation) =>
    each.rule === violation.rule && each.path === violation.path;
  const stale = exempt.flatMap((each): readonly Violation[] => {
    const count = violations.filter(covers(each)).length;
    if (count >= each.count) return [];
    const sentence = `${each.rule} is exempt ${each.count} times and occurs ${count} times.`;
    return [{ path: each.path, line: 1, rule: 'exemption', sentence }];
  });
  const kept = violations.filter((violation) => {
    const match = exempt.find((each) => covers(each)(violation));
    return match === undefined || violations.filter(covers(match)).length > match.count;
  });
  return [...kept, ...stale];
}

function main(): void {
  const violations = applyExemptions(findViolations(readRepository(repositoryRoot)), exemptions);
  for (const violation of violations) console.log(printViolation(violation));
  console.log(violations.length === 0 ? 'The house is tidy.' : `${violations.length} violations.`);
  if (violations.length > 0) process.exitCode = 1;
}

if (import.meta.main) main();
