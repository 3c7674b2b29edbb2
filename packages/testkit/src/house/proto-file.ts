// A .proto file as far as its page shows it: services, messages and enumerations with the comment
// that stands before each, and before each of their lines. `buf` has checked the files; what this
// does not know stops it.

import assert from 'node:assert';
import type { TextFile } from './repository.ts';

export interface ProtoLine {
  readonly comment: string;
  /** Without the semicolon, on one line. */
  readonly text: string;
}

const KINDS = ['service', 'message', 'enum'] as const;

export interface ProtoBlock {
  readonly kind: (typeof KINDS)[number];
  readonly name: string;
  readonly comment: string;
  readonly lines: readonly ProtoLine[];
}

type Opened = Omit<ProtoBlock, 'lines'> & { readonly lines: ProtoLine[] };

export interface ProtoFile {
  readonly path: string;
  readonly package: string;
  readonly comment: string;
  readonly blocks: readonly ProtoBlock[];
}

const BLOCK = /^(?<kind>service|message|enum) (?<name>\w+) \{(?<closed>\})?$/;
const HEADER = /^(syntax|import|option) /;
const PACKAGE = /^package ([\w.]+);$/;

export function parseProto({ path, text }: TextFile): ProtoFile {
  const blocks: Opened[] = [];
  const open: Opened[] = [];
  let name = '';
  let header: string | null = null;
  let comment: string[] = [];
  let pending = '';
  for (const line of text.split('\n').map((each) => each.trim())) {
    const inner = open.at(-1);
    const block = BLOCK.exec(line);
    if (line.startsWith('//')) {
      comment.push(line.slice(2).trim());
    } else if (line === '') {
      header ??= comment.join(' ');
      comment = [];
    } else if (block !== null) {
      const opened = { ...nameOf(block), comment: comment.join(' '), lines: [] };
      blocks.push(opened);
      if (block.groups?.['closed'] === undefined) open.push(opened);
      comment = [];
    } else if (line === '}') {
      open.pop();
    } else if (inner === undefined) {
      name = PACKAGE.exec(line)?.[1] ?? name;
      assert(PACKAGE.test(line) || HEADER.test(line), `${path}: ${line}`);
    } else {
      pending = `${pending} ${line}`.trim();
      if (!pending.endsWith(';')) continue;
      inner.lines.push({ comment: comment.join(' '), text: pending.slice(0, -1) });
      [pending, comment] = ['', []];
    }
  }
  assert(name !== '' && open.length === 0);
  return { path, package: name, comment: header ?? '', blocks };
}

function nameOf({ groups }: RegExpExecArray): Pick<ProtoBlock, 'kind' | 'name'> {
  const kind = KINDS.find((each) => each === groups?.['kind']);
  const name = groups?.['name'];
  assert(kind !== undefined && name !== undefined);
  return { kind, name };
}
