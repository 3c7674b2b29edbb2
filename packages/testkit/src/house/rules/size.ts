// How much a reader must hold in mind at once: lines per function, lines per file, columns.

import { isFunction, walk, type SourceFile } from '../source-file.ts';
import type { FileRule, Finding } from './rule.ts';

/** A function that fits on one screen can be checked without scrolling. */
const FUNCTION_LINES_MAX = 70;
const FILE_LINES_MAX = 400;
/** Tests are tables; splitting one table over files hides the missing row. */
const TEST_FILE_LINES_MAX = 600;
const COLUMNS_MAX = 100;

export const sizeRules: readonly FileRule[] = [
  { name: 'function-lines', find: findLongFunctions },
  { name: 'file-lines', find: findLongFile },
  { name: 'columns', find: findLongLines },
];

function findLongFunctions(file: SourceFile): readonly Finding[] {
  const findings: Finding[] = [];
  walk(file, (node, ancestors) => {
    if (!isFunction(node) || isDescribeBlock(ancestors.at(-1))) return;
    const line = file.lineOf(node.start);
    const count = file.lineOf(node.end - 1) - line + 1;
    if (count <= FUNCTION_LINES_MAX) return;
    findings.push({
      line,
      sentence: `a function of ${count} lines; ${FUNCTION_LINES_MAX} is the most.`,
    });
  });
  return findings;
}

function findLongFile(file: SourceFile): readonly Finding[] {
  const most = file.isTest ? TEST_FILE_LINES_MAX : FILE_LINES_MAX;
  const count = file.lines.at(-1) === '' ? file.lines.length - 1 : file.lines.length;
  return count <= most
    ? []
    : [{ line: most + 1, sentence: `${count} lines; ${most} is the most.` }];
}

function findLongLines(file: SourceFile): readonly Finding[] {
  return file.lines.flatMap((line, index) =>
    line.length <= COLUMNS_MAX
      ? []
      : [{ line: index + 1, sentence: `${line.length} columns; ${COLUMNS_MAX} is the most.` }],
  );
}

/** The callback of `describe` is a chapter, not a function that anyone calls. */
function isDescribeBlock(parent: Parameters<Parameters<typeof walk>[1]>[0] | undefined): boolean {
  if (parent?.type !== 'CallExpression') return false;
  let callee = parent.callee;
  while (callee.type === 'MemberExpression') callee = callee.object;
  return callee.type === 'Identifier' && callee.name.startsWith('describe');
}
