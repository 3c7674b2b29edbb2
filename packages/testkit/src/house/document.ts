// A Markdown page as far as the house checks it: links, inline code, and fenced blocks, each with
// its line.

import type { TextFile } from './repository.ts';

export interface Mention {
  readonly line: number;
  readonly text: string;
}

export interface CodeBlock extends Mention {
  readonly language: string;
}

export interface Document {
  readonly path: string;
  /** Targets of `[text](target)`. */
  readonly links: readonly Mention[];
  /** Inline code and the lines of shell blocks: where paths and commands are named. */
  readonly code: readonly Mention[];
  readonly blocks: readonly CodeBlock[];
  readonly headings: readonly string[];
}

const FENCE = /^```(\w*)$/;

export function isDocument(file: TextFile): boolean {
  return /^(README|CONTRIBUTING|docs\/.+)\.md$/.test(file.path);
}

export function parseDocument(file: TextFile): Document {
  const blocks = readBlocks(file.text);
  const prose = withoutBlocks(file.text);
  const shell = blocks.filter((block) => block.language === 'sh').flatMap(commandsOf);
  return {
    path: file.path,
    links: findAll(prose, /\]\(([^)\s]+)\)/g),
    code: [...findAll(prose, /`([^`]+)`/g), ...shell],
    blocks,
    headings: prose.filter((line) => line.startsWith('#')).map(anchorOf),
  };
}

/** The commands of a shell block; a backslash at the end of a line continues it. */
export function commandsOf(block: CodeBlock): readonly Mention[] {
  const commands: Mention[] = [];
  let pending = '';
  block.text.split('\n').forEach((text, index) => {
    const line = pending + text.replace(/(^|\s)#.*$/, '').trim();
    pending = line.endsWith('\\') ? line.slice(0, -1) : '';
    if (pending === '' && line !== '') commands.push({ line: block.line + index + 1, text: line });
  });
  return commands;
}

function readBlocks(text: string): readonly CodeBlock[] {
  const blocks: CodeBlock[] = [];
  let open: { language: string; line: number; lines: string[] } | null = null;
  text.split('\n').forEach((line, index) => {
    const fence = FENCE.exec(line);
    if (open === null) {
      if (fence !== null) open = { language: fence[1] ?? '', line: index + 1, lines: [] };
    } else if (fence !== null) {
      blocks.push({ language: open.language, line: open.line, text: open.lines.join('\n') });
      open = null;
    } else {
      open.lines.push(line);
    }
  });
  return blocks;
}

/** The lines of the page with blocks emptied, so that the line numbers stay. */
function withoutBlocks(text: string): readonly string[] {
  let inside = false;
  return text.split('\n').map((line) => {
    if (!FENCE.test(line)) return inside ? '' : line;
    inside = !inside;
    return '';
  });
}

function findAll(lines: readonly string[], pattern: RegExp): readonly Mention[] {
  return lines.flatMap((line, index) =>
    [...line.matchAll(pattern)].map((match) => ({ line: index + 1, text: match[1] ?? '' })),
  );
}

/** The anchor that a heading gets when the page is shown. */
function anchorOf(heading: string): string {
  const words = heading.replace(/^#+ */, '').toLowerCase();
  return words.replace(/[^\w\- ]/g, '').replaceAll(' ', '-');
}
