// docs/API.md: prose and examples from the page beside this file, who may ask what as the door has
// it, and everything that can be said, field by field, from the .proto files.

import { rules } from '@track-record/rpc/access';
import { parseProto, type ProtoBlock, type ProtoFile, type ProtoLine } from './proto-file.ts';
import { readText, type Repository } from './repository.ts';

const PAGE = 'packages/testkit/src/house/api-page.md';
const PROTO = /^packages\/rpc\/proto\/.+\.proto$/;
const RPC = /^rpc (?<name>\w+)\((?<asks>[\w ]+)\) returns \((?<answers>[\w ]+)\)$/;
const FIELD = /^(?<label>optional |repeated )?(?<type>[\w.]+) (?<name>\w+) = (?<number>\d+)$/;
const LITERAL = /^(?<name>\w+) = (?<number>\d+)$/;
const FUNCTION = /^\| `(gateway\.(\w+)\([^`]*\))` \|/gm;
/** Arguments in the order of their types. */
const MEANINGS: Readonly<Record<string, string>> = {
  connect_account:
    'account, owner, venue, sealed credentials, currency or null, beginning, whether a trading ' +
    'key is allowed, policy of disclosure or null: a new account; returns the job',
  change_disclosure:
    'account, policy of disclosure: another one, for hours that are not stated yet',
  request_claim:
    'id of the claim, account, period and terms: bounds to be proved without the hours; the job',
  rotate_credentials: 'account, sealed credentials: new ones of the same venue account; the job',
  enqueue_sync: 'account, start of an hour or null for the last full one; the job',
  enqueue_backfill: 'account: every hour that is missing, behind what people wait for; the job',
  disconnect_account: 'account: the end of its connection; the record stays',
  forget_account: 'account: the end of its keys; what was published stays',
};
const ROLES = ['gateway', 'operator', 'auditor'] as const;
const PYTHON = 'docs/examples/client.py';

export function apiPage(repository: Repository): string {
  const files = repository.texts.filter(({ path }) => PROTO.test(path)).map(parseProto);
  const rows = Object.entries(rules).map(([path, rule]) => {
    const [, service = '', method = ''] = path.split('/');
    const mayAsk = ROLES.map((role) =>
      rule === 'public' || rule.owned.includes(role) ? 'yes' : '',
    );
    const token = rule === 'public' ? '' : 'one for each call';
    return [`\`${service}\``, code(method), rule === 'public' ? 'yes' : '', ...mayAsk, token];
  });
  const titles = ['service', 'method', 'anybody', ...ROLES, 'owner token'];
  const parts: Readonly<Record<string, string>> = {
    rights: table(titles, rows),
    python: readText(repository, PYTHON),
    producers: table(['function', 'what it asks for'], producers(repository)),
    services: files.map(section).join('\n'),
  };
  const page = readText(repository, PAGE);
  return page.replace(/<!-- (\w+) -->\n/g, (_marker, name: string) => parts[name] ?? '');
}

/** The gateway's functions as docs/roles.md found them in a live database. */
function producers(repository: Repository): readonly (readonly string[])[] {
  const found = [...readText(repository, 'docs/roles.md').matchAll(FUNCTION)];
  return found.map(([, signature = '', name = '']) => {
    const meaning = MEANINGS[name];
    if (meaning === undefined) throw new Error(`The page of the API does not know: ${name}`);
    return [code(signature), meaning];
  });
}

function section(file: ProtoFile): string {
  const services = file.blocks.filter(({ kind }) => kind === 'service');
  const others = file.blocks.filter(({ kind }) => kind !== 'service');
  return [
    `## ${services.map(({ name }) => `${file.package}.${name}`).join(', ')}\n`,
    `${file.comment}\n`,
    ...services.flatMap((service) => [service.comment, '', methodTable(service)]),
    ...others.flatMap((block) => [`### ${block.name}\n`, block.comment, '', fieldTable(block)]),
  ].join('\n');
}

function methodTable({ lines }: ProtoBlock): string {
  return table(
    ['method', 'asks', 'answers', 'meaning'],
    lines.map((line) => {
      const { name, asks, answers } = partsOf(RPC, line);
      return [code(name), linkTo(asks), linkTo(answers), line.comment];
    }),
  );
}

function fieldTable({ kind, lines }: ProtoBlock): string {
  if (lines.length === 0) return '';
  if (kind === 'enum') {
    const rows = lines.map((line) => {
      const { name, number } = partsOf(LITERAL, line);
      return [number, code(name), line.comment];
    });
    return table(['number', 'name', 'meaning'], rows);
  }
  const rows = lines.map((line) => {
    const { label = '', type = '', name, number } = partsOf(FIELD, line);
    const shown = /^[A-Z]/.test(type) ? linkTo(type) : code(type);
    return [number, code(name), `${label}${shown}`, line.comment];
  });
  return table(['number', 'field', 'type', 'meaning'], rows);
}

function partsOf(form: RegExp, { text }: ProtoLine): Readonly<Record<string, string | undefined>> {
  const groups = form.exec(text)?.groups;
  if (groups === undefined) throw new Error(`The page of the API does not know: ${text}`);
  return groups;
}

/** `stream Name` or `Name`, with the name as a link to its section. */
function linkTo(words = ''): string {
  return words.replace(/\w+$/, (name) => `[${code(name)}](#${name.toLowerCase()})`);
}

function code(word = ''): string {
  return `\`${word}\``;
}

function table(titles: readonly string[], rows: readonly (readonly (string | undefined)[])[]) {
  const line = (cells: readonly (string | undefined)[]): string => `| ${cells.join(' | ')} |\n`;
  return [line(titles), `|${'---|'.repeat(titles.length)}\n`, ...rows.map(line)].join('');
}
