// One TypeScript file with its syntax tree, and a walk over it. The parser is oxc: TypeScript 7 has
// no JavaScript API, and tidy must stay fast enough to run before every commit.

import assert from 'node:assert/strict';
import {
  parseSync,
  visitorKeys,
  type ArrowFunctionExpression,
  type EcmaScriptModule,
  type Function as PlainFunction,
  type Node,
  type Program,
} from 'oxc-parser';

export interface SourceFile {
  readonly path: string;
  /** The room the file lies in, `root` for files that belong to none. */
  readonly room: string;
  readonly isTest: boolean;
  readonly lines: readonly string[];
  readonly program: Program;
  readonly module: EcmaScriptModule;
  /** Lines that hold code, counted from 1: neither blank nor comment only. */
  readonly codeLines: ReadonlySet<number>;
  readonly lineOf: (offset: number) => number;
}

/** Called for every node, parents before children; ancestors come outermost first. */
type Visit = (node: Node, ancestors: readonly Node[]) => void;

export function parseSource(path: string, text: string): SourceFile {
  const parsed = parseSync(path, text, { lang: 'ts', sourceType: 'module' });
  assert.equal(parsed.errors.length, 0, `${path} does not parse.`);
  const lineOf = lineFinder(text);
  return {
    path,
    room: roomOf(path),
    isTest: path.endsWith('.test.ts'),
    lines: text.split('\n'),
    program: parsed.program,
    module: parsed.module,
    codeLines: codeLines(text, parsed.comments),
    lineOf,
  };
}

export function roomOf(path: string): string {
  const [top, second] = path.split('/');
  if (top === 'packages' && second !== undefined) return second;
  return top === 'jobs' || top === 'migrations' ? top : 'root';
}

export function walk(file: SourceFile, visit: Visit): void {
  walkNode(file.program, [], visit);
}

export function walkNode(node: Node, ancestors: readonly Node[], visit: Visit): void {
  visit(node, ancestors);
  const below = [...ancestors, node];
  for (const child of readChildren(node)) walkNode(child, below, visit);
}

export type FunctionNode = ArrowFunctionExpression | PlainFunction;

export function isFunction(node: Node): node is FunctionNode {
  return (
    node.type === 'FunctionDeclaration' ||
    node.type === 'FunctionExpression' ||
    node.type === 'ArrowFunctionExpression'
  );
}

/** The name a reader knows the function by: its own, its variable's, or its property's. */
export function functionName(node: FunctionNode, parent: Node | undefined): string {
  if (node.id !== null) return node.id.name;
  if (parent?.type === 'VariableDeclarator') return nameOf(parent.id);
  if (parent?.type === 'MethodDefinition' || parent?.type === 'Property') return nameOf(parent.key);
  return parent?.type === 'PropertyDefinition' ? nameOf(parent.key) : '';
}

export function nameOf(node: Node): string {
  return node.type === 'Identifier' || node.type === 'PrivateIdentifier' ? node.name : '';
}

/** `object.property` for a plain member access, otherwise the empty string. */
export function memberName(node: Node): string {
  if (node.type !== 'MemberExpression') return '';
  const key = node.property;
  const property = key.type === 'Literal' ? String(key.value) : nameOf(key);
  return `${nameOf(node.object)}.${property}`;
}

function readChildren(node: Node): readonly Node[] {
  const fields = node as unknown as Record<string, unknown>;
  const keys = visitorKeys[node.type] ?? [];
  return keys.flatMap((key) => [fields[key]].flat()).filter(isNode);
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value;
}

function lineFinder(text: string): (offset: number) => number {
  const starts = [0];
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return (offset) => {
    const next = starts.findIndex((start) => start > offset);
    return next === -1 ? starts.length : next;
  };
}

/** Comments are blanked rather than cut, so that the line numbers stay. */
function codeLines(
  text: string,
  comments: readonly { readonly start: number; readonly end: number }[],
): ReadonlySet<number> {
  let bare = text;
  for (const { start, end } of comments) {
    const blank = bare.slice(start, end).replace(/[^\n]/g, ' ');
    bare = bare.slice(0, start) + blank + bare.slice(end);
  }
  const lines = bare.split('\n').map((line, index) => (line.trim() === '' ? 0 : index + 1));
  return new Set(lines.filter((line) => line > 0));
}
