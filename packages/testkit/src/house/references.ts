// What a page names must exist: links and their anchors, paths, package scripts, and verbs of the
// command line.

import path from 'node:path';
import type { Document, Mention } from './document.ts';
import type { Repository } from './repository.ts';
import type { Violation } from './violation.ts';

/** The version that the README pins; a page that names another one sends its reader elsewhere. */
export const PNPM_PINNED = 'pnpm@12.21.0';

/** Commands of pnpm itself that a page may name. */
const PNPM_COMMANDS = new Set(['install', 'outdated', 'exec']);

const PATH_START = /^(packages|jobs|migrations|docker|docs|\.ci)\//;

export interface Named {
  readonly scripts: ReadonlySet<string>;
  readonly verbs: ReadonlySet<string>;
  readonly documents: readonly Document[];
}

export function findBrokenReferences(
  document: Document,
  repository: Repository,
  named: Named,
): readonly Violation[] {
  const broken =
    (rule: string, text: (mention: Mention) => string | null) => (mention: Mention) => {
      const sentence = text(mention);
      return sentence === null ? [] : [{ path: document.path, line: mention.line, rule, sentence }];
    };
  return [
    ...document.links.flatMap(
      broken('link', (link) => brokenLink(document, link.text, repository, named)),
    ),
    ...document.code.flatMap(broken('path', (code) => brokenPath(code.text, repository))),
    ...document.code.flatMap(broken('script', (code) => brokenScript(code.text, named.scripts))),
    ...document.code.flatMap(broken('verb', (code) => brokenVerb(code.text, named.verbs))),
  ];
}

function brokenLink(
  document: Document,
  link: string,
  repository: Repository,
  named: Named,
): string | null {
  if (link.startsWith('https://')) return null;
  const [file = '', anchor] = link.split('#');
  const folder = path.posix.dirname(document.path);
  const target = file === '' ? document.path : path.posix.join(folder, file).replace(/\/$/, '');
  if (!repository.paths.has(target)) return `the link leads to ${target}, which does not exist.`;
  if (anchor === undefined) return null;
  const page = named.documents.find((each) => each.path === target);
  return page?.headings.includes(anchor) === true ? null : `${target} has no heading ${anchor}.`;
}

/** Inline code that starts like one of our paths is a path; a star stands for one name. */
function brokenPath(code: string, repository: Repository): string | null {
  if (!PATH_START.test(code) || /\s/.test(code)) return null;
  const wanted = code
    .replace(/\/$/, '')
    .replace(/[.\\+()[\]]/g, '\\$&')
    .replaceAll('*', '[^/]+');
  const pattern = new RegExp(`^${wanted}(\\.ts)?$`);
  const exists = [...repository.paths].some((each) => pattern.test(each));
  return exists ? null : `${code} does not exist.`;
}

function brokenScript(code: string, scripts: ReadonlySet<string>): string | null {
  for (const [, version] of code.matchAll(/\b(pnpm@\S+)/g)) {
    if (version !== PNPM_PINNED) return `${version} is not the pinned ${PNPM_PINNED}.`;
  }
  for (const [, script = ''] of code.matchAll(/\bpnpm(?:@\S+)?(?: --\S+)* ([a-z][\w:-]*)/g)) {
    if (!scripts.has(script) && !PNPM_COMMANDS.has(script)) return `there is no script ${script}.`;
  }
  return null;
}

function brokenVerb(code: string, verbs: ReadonlySet<string>): string | null {
  for (const [, first = '', second] of code.matchAll(/\btrack-record ([a-z]+)(?: ([a-z]+))?/g)) {
    if (!verbs.has(first) && !verbs.has(`${first} ${second}`)) return `there is no verb ${first}.`;
  }
  return null;
}
