// A child process that measures one engine, and the JSON line it answers with.

import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import type { Measured } from './measure.ts';

const SOURCES = ['--conditions=@track-record/source', '--disable-warning=ExperimentalWarning'];

export async function runChild(script: string, args: readonly string[]): Promise<Measured> {
  const child = spawn(process.execPath, [...SOURCES, script, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  const output = await text(child.stdout);
  const code = await ended;
  if (code !== 0) throw new Error(`${script} ${args.join(' ')} ended with code ${code}.`);
  return parseMeasured(output);
}

/** Our own children are trusted to print what `measure` prints. */
function parseMeasured(output: string): Measured {
  return JSON.parse(output) as Measured;
}
