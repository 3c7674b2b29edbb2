// The `track-record` command: finds the verb, reads its options, prints its answer, sets the exit
// code.

import { setTimeout as wait } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { codeOf, codes, RecordError } from '@track-record/errors';
import { UsageError, type Verb } from './verb.ts';
import { verbs } from './verbs/index.ts';

const EXIT_REFUSED = 1;
const EXIT_USAGE = 2;
const WATCH_MS = 2_000;
/** A terminal's, as most are. */
const WIDTH = 80;
/** The terminal's first line, and nothing below it. */
const CLEAR = '\u001B[H\u001B[J';

process.exitCode = await main(process.argv.slice(2));

async function main(argv: readonly string[]): Promise<number> {
  const verb = await findVerb(argv);
  if (verb === undefined) return printHelp(argv);
  const rest = argv.slice(verb.name.split(' ').length);
  if (rest.includes('--help')) return printVerbHelp(verb);
  const json = rest.includes('--json');
  const watches = rest.includes('--watch');
  try {
    const { values, positionals } = parseArgs({
      args: [...rest],
      options: { ...verb.options, ...watchOf(verb), json: { type: 'boolean' } },
      allowPositionals: true,
      strict: true,
    });
    for (;;) {
      const output = await verb.run({
        options: values,
        positionals,
        stdin: process.stdin,
        progress: (line) => process.stderr.write(`${line}\n`),
      });
      const text = json ? `${JSON.stringify(output.document)}\n` : output.text;
      const isScreen = watches && !json && process.stdout.isTTY;
      await print(isScreen ? `${CLEAR}${text}` : text);
      if (!watches) return output.failed === true ? EXIT_REFUSED : 0;
      await wait(WATCH_MS);
    }
  } catch (error) {
    return await printFailure(verb, error, json);
  }
}

/** The verb with the most leading words in common with the command line. */
async function findVerb(argv: readonly string[]): Promise<Verb | undefined> {
  const matches = Object.keys(verbs).filter((name) =>
    name.split(' ').every((word, index) => argv[index] === word),
  );
  const [name = ''] = matches.toSorted((left, right) => right.length - left.length);
  return await verbs[name]?.();
}

async function printFailure(verb: Verb, error: unknown, json: boolean): Promise<number> {
  if (isUsage(error)) {
    process.stderr.write(`track-record ${verb.name}: ${error.message}\n`);
    process.stderr.write(`Example: track-record ${verb.example}\n`);
    return EXIT_USAGE;
  }
  const code = codeOf(error);
  const place = error instanceof RecordError && error.place !== null ? { place: error.place } : {};
  if (json) await print(`${JSON.stringify({ error: { code, ...place } })}\n`);
  const where = 'place' in place ? ` (at ${place.place})` : '';
  process.stderr.write(`${code}: ${codes[code].message}${where}\n`);
  if (code === 'INTERNAL' && process.env['TRACK_RECORD_TRACE'] === '1') console.error(error);
  return EXIT_REFUSED;
}

function isUsage(error: unknown): error is Error {
  if (error instanceof UsageError) return true;
  return (
    error instanceof Error && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS')
  );
}

async function printHelp(argv: readonly string[]): Promise<number> {
  const asked = argv.length === 0 || argv.includes('--help');
  const all = await Promise.all(Object.values(verbs).map((load) => load()));
  const width = Math.max(...all.map((verb) => verb.name.length));
  const lines = all.map((verb) => `  ${verb.name.padEnd(width)}  ${verb.summary}`);
  const examples = all.map((verb) => `  track-record ${verb.example}`);
  const parts = ['track-record VERB [options] [--json]', '', 'Verbs', ...lines, '', 'Examples'];
  (asked ? process.stdout : process.stderr).write(`${[...parts, ...examples].join('\n')}\n`);
  return asked ? 0 : EXIT_USAGE;
}

function watchOf({ canWatch }: Verb): Verb['options'] {
  return canWatch === true ? { watch: { type: 'boolean' } } : {};
}

function printVerbHelp(verb: Verb): number {
  const options = Object.entries({ ...verb.options, ...watchOf(verb) }).map(([name, option]) =>
    option.type === 'boolean' ? `[--${name}]` : `[--${name} VALUE]`,
  );
  const usage = wrapped([`track-record ${verb.name}`, ...options, '[--json]'], '');
  // A new line before each option, which a shell reads as one command.
  const example = wrapped(`  track-record ${verb.example}`.split(/ (?=--?[a-z])/), ' \\');
  const lines = [usage, '', verb.summary, '', 'Example', example];
  process.stdout.write(`${lines.join('\n')}\n`);
  return 0;
}

/** As many parts as fit on each line; `mark` stands at the end of those that go on. */
function wrapped(parts: readonly string[], mark: string): string {
  const lines: string[] = [];
  for (const part of parts) {
    const line = lines.at(-1);
    const longer = line === undefined ? part : `${line} ${part}`;
    if (line !== undefined && longer.length + mark.length > WIDTH) lines.push(`    ${part}`);
    else lines.splice(-1, 1, longer);
  }
  return lines.join(`${mark}\n`);
}

function print(text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    process.stdout.write(text, (error) => (error ? reject(error) : resolve()));
  });
}
