// What may enter from outside: exact versions in one catalog, nothing fetched by address, and no
// install script, neither ours nor a dependency's.

import type { Manifest } from '../manifests.ts';
import type { TextFile } from '../repository.ts';
import type { Violation } from '../violation.ts';

const WORKSPACE_FILE = 'pnpm-workspace.yaml';
const EXACT_VERSION = /^\d+\.\d+\.\d+(-[\w.]+)?$/;
const INSTALL_SCRIPTS = ['preinstall', 'install', 'postinstall', 'prepare', 'prepublish'];

export function findSupplyViolations(
  manifests: readonly Manifest[],
  texts: readonly TextFile[],
): readonly Violation[] {
  const workspace = texts.filter((file) => file.path === WORKSPACE_FILE);
  return [...manifests.flatMap(findInManifest), ...workspace.flatMap(findInWorkspace)];
}

function findInManifest(manifest: Manifest): readonly Violation[] {
  const place = { path: manifest.path, line: 1 };
  const all = {
    ...manifest.dependencies,
    ...manifest.optionalDependencies,
    ...manifest.devDependencies,
  };
  const loose = Object.entries(all)
    .filter(([, version]) => version !== 'catalog:' && version !== 'workspace:*')
    .map(([name]) => ({
      ...place,
      rule: 'loose-version',
      sentence: `${name} must be "catalog:" or "workspace:*".`,
    }));
  const scripts = INSTALL_SCRIPTS.filter((name) => name in manifest.scripts).map((name) => ({
    ...place,
    rule: 'install-script',
    sentence: `the script ${name} would run code on every install.`,
  }));
  return [...loose, ...scripts];
}

function findInWorkspace(file: TextFile): readonly Violation[] {
  let section = '';
  return file.text.split('\n').flatMap((text, index) => {
    section = /^(\w+):/.exec(text)?.[1] ?? section;
    const [, name, value] = /^ {2}'?([^':]+)'?: *(\S+)$/.exec(text) ?? [];
    if (name === undefined || value === undefined) return [];
    const place = { path: file.path, line: index + 1 };
    if (section === 'catalog' && !EXACT_VERSION.test(value)) {
      return [{ ...place, rule: 'loose-version', sentence: `${name} has no exact version.` }];
    }
    if (section === 'allowBuilds' && value !== 'false') {
      return [{ ...place, rule: 'install-script', sentence: `${name} may run code on install.` }];
    }
    return [];
  });
}
