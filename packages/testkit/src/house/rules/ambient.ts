// Environment, clock and randomness are read in `packages/worker` and handed down as arguments, so
// that every other room gives the same answer for the same input. The tools around the worker read
// them too.

import type { Node } from 'oxc-parser';
import { memberName, nameOf, walk, type SourceFile } from '../source-file.ts';
import type { FileRule, Finding } from './rule.ts';

/** The composition root, and tools that never run inside the worker. */
const FREE_ROOMS = new Set(['worker', 'testkit', 'cli', 'bench', 'root']);

const AMBIENT_MEMBERS = new Set([
  'process.env',
  'process.hrtime',
  'Date.now',
  'Math.random',
  'performance.now',
  'DateTime.now',
]);

const RANDOM_NAMES = new Set([
  'randomBytes',
  'randomUUID',
  'randomInt',
  'randomFill',
  'randomFillSync',
  'getRandomValues',
]);

/** Constructors and factories that mean "now" when they are given nothing. */
const NOW_WITHOUT_ARGUMENT = new Set(['Date', 'DateTime.utc', 'DateTime.local']);

export const ambientRules: readonly FileRule[] = [{ name: 'ambient', find: findAmbient }];

function findAmbient(file: SourceFile): readonly Finding[] {
  if (file.isTest || FREE_ROOMS.has(file.room)) return [];
  const findings: Finding[] = [];
  walk(file, (node) => {
    const source = ambientSource(node);
    if (source === '') return;
    findings.push({
      line: file.lineOf(node.start),
      sentence: `${source} is read outside packages/worker: take the value as an argument.`,
    });
  });
  return findings;
}

function ambientSource(node: Node): string {
  if (node.type === 'ImportDeclaration') return importedSource(node);
  if (node.type === 'NewExpression' || node.type === 'CallExpression') {
    const callee = nameOf(node.callee) || memberName(node.callee);
    return node.arguments.length === 0 && NOW_WITHOUT_ARGUMENT.has(callee) ? callee : '';
  }
  if (node.type !== 'MemberExpression') return '';
  if (AMBIENT_MEMBERS.has(memberName(node))) return memberName(node);
  return RANDOM_NAMES.has(nameOf(node.property)) ? nameOf(node.property) : '';
}

function importedSource(node: Extract<Node, { type: 'ImportDeclaration' }>): string {
  if (/^(node:)?process$/.test(node.source.value)) return 'process';
  const names = node.specifiers.map((specifier) =>
    specifier.type === 'ImportSpecifier' ? nameOf(specifier.imported) : '',
  );
  return names.find((name) => RANDOM_NAMES.has(name)) ?? '';
}
