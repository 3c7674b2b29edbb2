// Every small change of a source file that a test ought to notice: another operator, another sign,
// a comparison turned round, a boundary moved by one. All of a file's mutants live in one text,
// each behind a switch, so that a file is loaded once and its mutants are tried one by one.

import type { Node } from 'oxc-parser';
import { parseSource, walkNode } from '../source-file.ts';

/** The switch as the mutated text calls it: true for the mutant that is being tried. */
const SWITCH = 'globalThis.isMutant';

const BINARY: Readonly<Record<string, readonly string[]>> = {
  '+': ['-'],
  '-': ['+'],
  '*': ['/'],
  '/': ['*'],
  '%': ['*'],
  '**': ['*'],
  '<': ['<=', '>='],
  '<=': ['<', '>'],
  '>': ['>=', '<='],
  '>=': ['>', '<'],
  '===': ['!=='],
  '!==': ['==='],
  '&&': ['||'],
  '||': ['&&'],
  '??': ['&&'],
  '+=': ['-='],
  '-=': ['+='],
  '*=': ['/='],
  '/=': ['*='],
  '||=': ['&&='],
};

/** Arithmetic that is a call here, because amounts are no numbers. */
const CALLS: Readonly<Record<string, string>> = {
  add: 'subtract',
  subtract: 'add',
  multiply: 'divide',
};

/** Calls that a mutant leaves out, keeping what they were given. */
const SIGNS: ReadonlySet<string> = new Set(['negate', 'absolute']);

const BOUNDARIES: ReadonlySet<string> = new Set([
  'BinaryExpression',
  'VariableDeclarator',
  'PropertyDefinition',
  'Property',
]);

export interface Mutant {
  readonly id: number;
  readonly path: string;
  readonly line: number;
  /** What stands in that line. */
  readonly text: string;
  readonly before: string;
  readonly after: string;
}

export interface MutatedSource {
  readonly text: string;
  readonly mutants: readonly Mutant[];
}

interface Site {
  readonly start: number;
  readonly end: number;
  readonly variants: readonly string[];
}

/** `firstId` numbers the mutants of several files without a gap. */
export function mutateSource(path: string, text: string, firstId: number): MutatedSource {
  const file = parseSource(path, text);
  const sites: Site[] = [];
  walkNode(file.program, [], (node, ancestors) => {
    if (isType(node, ancestors)) return;
    const variants = variantsOf(node, ancestors, text);
    if (variants.length > 0) sites.push({ start: node.start, end: node.end, variants });
  });
  const lines = text.split('\n');
  const mutants: Mutant[] = [];
  const ids = new Map<Site, number>();
  for (const site of sites) {
    ids.set(site, firstId + mutants.length);
    for (const after of site.variants) {
      const before = text.slice(site.start, site.end);
      const id = firstId + mutants.length;
      const line = file.lineOf(site.start);
      mutants.push({ id, path, line, text: lines[line - 1] ?? '', before, after });
    }
  }
  return { text: switched(text, 0, text.length, sites, ids), mutants };
}

/** The text between two offsets, with every site in it behind its switches. */
function switched(
  text: string,
  start: number,
  end: number,
  sites: readonly Site[],
  ids: ReadonlyMap<Site, number>,
): string {
  let written = '';
  let at = start;
  // Sites come parents first, so whatever begins before `at` lies inside one already written.
  for (const [index, site] of sites.entries()) {
    if (site.start < at || site.end > end) continue;
    const inner = sites.slice(index + 1).filter((other) => other.end <= site.end);
    let whole = switched(text, site.start, site.end, inner, ids);
    for (const [variant, after] of site.variants.entries()) {
      whole = `(${SWITCH}(${(ids.get(site) ?? Number.NaN) + variant}) ? (${after}) : (${whole}))`;
    }
    written += text.slice(at, site.start) + whole;
    at = site.end;
  }
  return written + text.slice(at, end);
}

function variantsOf(node: Node, ancestors: readonly Node[], text: string): readonly string[] {
  const slice = (part: Node): string => text.slice(part.start, part.end);
  if (
    node.type === 'BinaryExpression' ||
    node.type === 'LogicalExpression' ||
    node.type === 'AssignmentExpression'
  ) {
    const { left, right, operator } = node;
    const between = text.slice(left.end, right.start);
    return (BINARY[operator] ?? []).map(
      (other) => slice(left) + between.replace(operator, other) + slice(right),
    );
  }
  if (node.type === 'UnaryExpression') {
    if (node.operator === '!') return [`!!(${slice(node.argument)})`];
    return node.operator === '-' ? [slice(node.argument)] : [];
  }
  if (node.type === 'Literal') return literalVariants(node.value, ancestors.at(-1));
  if (node.type !== 'CallExpression' || node.callee.type !== 'Identifier') return [];
  const [first] = node.arguments;
  if (SIGNS.has(node.callee.name) && first !== undefined) return [slice(first)];
  const other = CALLS[node.callee.name];
  const call = text.slice(node.callee.end, node.end);
  return other === undefined ? [] : [`globalThis.mutant.${other}${call}`];
}

/**
 * A number one larger, a truth turned round. A number counts where it is a constant, or is computed
 * or compared with; what a sort or an index is given is no boundary.
 */
function literalVariants(value: unknown, parent: Node | undefined): readonly string[] {
  if (typeof value === 'boolean') return [String(!value)];
  const isBoundary = parent !== undefined && BOUNDARIES.has(parent.type);
  if (!isBoundary || (parent.type === 'Property' && parent.computed)) return [];
  if (typeof value === 'number') return [String(value + 1)];
  return typeof value === 'bigint' ? [`${value + 1n}n`] : [];
}

/** Types are gone at run time, and so is whatever stands in them. */
function isType(node: Node, ancestors: readonly Node[]): boolean {
  return [...ancestors, node].some(
    ({ type }) =>
      type.startsWith('TS') &&
      type !== 'TSAsExpression' &&
      type !== 'TSNonNullExpression' &&
      type !== 'TSSatisfiesExpression',
  );
}
