// Money is a decimal from its first digit to its last. In the rooms that compute with it, every
// door from text to a binary float is shut; TypeScript then keeps strings out of `Math`.

import type { Node } from 'oxc-parser';
import { memberName, nameOf, walk, type SourceFile } from '../source-file.ts';
import type { FileRule, Finding } from './rule.ts';

const MONEY_ROOMS = new Set(['ledger', 'returns']);

const FLOAT_DOORS = new Set([
  'Number',
  'parseFloat',
  'parseInt',
  'Number.parseFloat',
  'Number.parseInt',
]);

export const moneyRules: readonly FileRule[] = [{ name: 'float-money', find: findFloatDoors }];

function findFloatDoors(file: SourceFile): readonly Finding[] {
  if (file.isTest || !MONEY_ROOMS.has(file.room)) return [];
  const findings: Finding[] = [];
  walk(file, (node) => {
    const door = floatDoor(node);
    if (door === '') return;
    findings.push({
      line: file.lineOf(node.start),
      sentence: `${door} turns money into a binary float; compute with Decimal.`,
    });
  });
  return findings;
}

function floatDoor(node: Node): string {
  if (node.type === 'UnaryExpression') {
    return node.operator === '+' && node.argument.type !== 'Literal' ? 'unary plus' : '';
  }
  if (node.type !== 'CallExpression') return '';
  const callee = nameOf(node.callee) || memberName(node.callee);
  if (FLOAT_DOORS.has(callee)) return callee;
  return /\.(toNumber|valueOf)$/.test(callee) ? callee : '';
}
