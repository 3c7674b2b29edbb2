// Failures that disappear. A swallowed exception made every sync of a predecessor "succeed" while
// nothing could be decrypted, and a missing number that became zero was published as a loss of
// everything.

import type { Node } from 'oxc-parser';
import { isFunction, nameOf, walk, walkNode, type SourceFile } from '../source-file.ts';
import { workerRooms, type FileRule, type Finding } from './rule.ts';

export const failureRules: readonly FileRule[] = [
  { name: 'swallowed-failure', find: findSwallowed },
  { name: 'zero-fallback', find: findZeroFallbacks },
];

const SWALLOWED =
  'a failure disappears here: rethrow it, throw a coded one, or use what was caught.';

function findSwallowed(file: SourceFile): readonly Finding[] {
  const findings: Finding[] = [];
  walk(file, (node) => {
    if (!isSwallowingClause(node) && !isSwallowingHandler(node)) return;
    findings.push({ line: file.lineOf(node.start), sentence: SWALLOWED });
  });
  return findings;
}

function isSwallowingClause(node: Node): boolean {
  return node.type === 'CatchClause' && !answersFailure(node.body, node.param);
}

/** `.catch(() => undefined)` is the same habit with another spelling. */
function isSwallowingHandler(node: Node): boolean {
  if (node.type !== 'CallExpression' || node.callee.type !== 'MemberExpression') return false;
  const [handler] = node.arguments;
  if (nameOf(node.callee.property) !== 'catch' || handler === undefined) return false;
  if (!isFunction(handler) || handler.body === null) return false;
  return !answersFailure(handler.body, handler.params[0] ?? null);
}

function answersFailure(body: Node, binding: Node | null): boolean {
  const caught = binding === null ? '' : nameOf(binding);
  let answers = binding !== null && caught === '';
  walkNode(body, [], (node) => {
    if (node.type === 'ThrowStatement') answers = true;
    if (caught !== '' && nameOf(node) === caught) answers = true;
  });
  return answers;
}

function findZeroFallbacks(file: SourceFile): readonly Finding[] {
  if (file.isTest || !workerRooms.has(file.room)) return [];
  const findings: Finding[] = [];
  walk(file, (node) => {
    if (node.type !== 'LogicalExpression' || node.operator === '&&') return;
    if (!isZero(node.right)) return;
    findings.push({
      line: file.lineOf(node.start),
      sentence: 'what is missing is not zero: refuse it, or say in a named branch why it is.',
    });
  });
  return findings;
}

function isZero(node: Node): boolean {
  return node.type === 'Literal' && /^['"]?-?0(\.0*)?n?['"]?$/.test(node.raw ?? '');
}
