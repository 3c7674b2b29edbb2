// Types that lie: `any` switches the checker off, and a cast outside a parse function claims a
// shape that nothing looked at. Tests may cast, because refusals are tested with wrong types.

import type { Node } from 'oxc-parser';
import { functionName, isFunction, walk, type SourceFile } from '../source-file.ts';
import type { FileRule, Finding } from './rule.ts';

export const typeRules: readonly FileRule[] = [
  { name: 'any', find: findAny },
  { name: 'cast', find: findCasts },
];

function findAny(file: SourceFile): readonly Finding[] {
  const findings: Finding[] = [];
  walk(file, (node) => {
    if (node.type !== 'TSAnyKeyword') return;
    findings.push({ line: file.lineOf(node.start), sentence: 'use unknown and parse it.' });
  });
  return findings;
}

function findCasts(file: SourceFile): readonly Finding[] {
  if (file.isTest) return [];
  const findings: Finding[] = [];
  walk(file, (node, ancestors) => {
    if (!isCast(node) || ancestors.some((each, at) => isParseFunction(each, ancestors[at - 1])))
      return;
    findings.push({
      line: file.lineOf(node.start),
      sentence: 'a cast outside a parse or read function; narrow the value instead.',
    });
  });
  return findings;
}

function isCast(node: Node): boolean {
  if (node.type === 'TSTypeAssertion') return true;
  if (node.type !== 'TSAsExpression') return false;
  const type = node.typeAnnotation;
  const isConst =
    type.type === 'TSTypeReference' &&
    type.typeName.type === 'Identifier' &&
    type.typeName.name === 'const';
  return !isConst;
}

function isParseFunction(node: Node, parent: Node | undefined): boolean {
  return isFunction(node) && /^(parse|read)([A-Z]|$)/.test(functionName(node, parent));
}
