// Names that say nothing, and files that are not named for what they hold.

import type { Node } from 'oxc-parser';
import { functionName, isFunction, nameOf, walk, type SourceFile } from '../source-file.ts';
import type { FileRule, Finding } from './rule.ts';

const EMPTY_SUFFIX = /(Manager|Service|Helper|Util|Utils|Data|Info)$/;
const EMPTY_FILE_SUFFIX = /-?(manager|service|helper|util|utils|data|info)(\.test)?\.ts$/;
const PROCESS_VERB = /^process[A-Z]/;

/** Fields of the attestation report are called so by AMD (SEV-SNP ABI, table 23). */
const SPEC_NAME = /(ReportData|HostData|reportData|hostData)$/;
const SPEC_FILE = /(report|host)-data(\.test)?\.ts$/;

const KEBAB_PART = /^\.?[a-z0-9]+(-[a-z0-9]+)*$/;

export const nameRules: readonly FileRule[] = [
  { name: 'empty-name', find: findEmptyNames },
  { name: 'file-name', find: findFileName },
];

function findEmptyNames(file: SourceFile): readonly Finding[] {
  const findings: Finding[] = [];
  if (EMPTY_FILE_SUFFIX.test(file.path) && !SPEC_FILE.test(file.path)) {
    findings.push({ line: 1, sentence: 'name the file for what it holds.' });
  }
  walk(file, (node, ancestors) => {
    const name = declaredName(node, ancestors.at(-1));
    const empty = EMPTY_SUFFIX.test(name) && !SPEC_NAME.test(name);
    if (!empty && !(isFunction(node) && PROCESS_VERB.test(name))) return;
    findings.push({
      line: file.lineOf(node.start),
      sentence: `${name} says nothing; use a noun or verb of docs/glossary.md.`,
    });
  });
  return findings;
}

function declaredName(node: Node, parent: Node | undefined): string {
  if (isFunction(node)) return functionName(node, parent);
  const named =
    node.type === 'ClassDeclaration' ||
    node.type === 'TSInterfaceDeclaration' ||
    node.type === 'TSTypeAliasDeclaration';
  return named && node.id !== null ? nameOf(node.id) : '';
}

function findFileName(file: SourceFile): readonly Finding[] {
  const parts = file.path.replace(/(\.test|\.config)?\.ts$/, '').split('/');
  return parts.every((part) => KEBAB_PART.test(part))
    ? []
    : [{ line: 1, sentence: 'file and folder names are kebab-case.' }];
}
