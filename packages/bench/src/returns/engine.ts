// The way into this repository's engines for a child process: `engine.ts NAME SOURCE FOLDER RUNS`.

import { runFloatEngine } from './float-engine.ts';
import { runOurEngine } from './our-engine.ts';

export const engineScript = import.meta.filename;

if (import.meta.main) {
  const [, , name = '', source = '', folder = '', runs = ''] = process.argv;
  const run = name === 'ours' ? runOurEngine : runFloatEngine;
  await run(source, folder, Number(runs));
}
