// `pnpm tcb`: writes the generated pages. `pnpm tcb --check` writes nothing and exits 1 when one is
// stale.

import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { findStalePages } from './generated-pages.ts';
import { readRepository, repositoryRoot } from './repository.ts';

const { values } = parseArgs({ options: { check: { type: 'boolean' } } });
const stale = await findStalePages(readRepository(repositoryRoot));

for (const page of stale) {
  if (values.check !== true) writeFileSync(path.join(repositoryRoot, page.path), page.text);
  console.log(
    values.check === true ? `${page.path} is stale: run pnpm tcb.` : `wrote ${page.path}`,
  );
}
if (stale.length === 0) console.log('The generated pages are up to date.');
if (values.check === true && stale.length > 0) process.exitCode = 1;
