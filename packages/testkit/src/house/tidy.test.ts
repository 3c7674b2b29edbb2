import { describe, expect, test } from '@jest/globals';
import { exemptions } from './exemptions.ts';
import { readRepository, repositoryOf, repositoryRoot, type TextFile } from './repository.ts';
import { applyExemptions, findViolations } from './tidy.ts';
import { printViolation, type Violation } from './violation.ts';

/** Lower it with every exemption that goes; nobody raises it. */
const EXEMPT_MAX = 0;

const ROOMS = `| room | one line | may import |
|---|---|---|
| \`packages/ledger\` | numbers | nothing |
| \`packages/sealing\` | secrets | nothing |
| \`packages/store\` | rows | types of ledger, type Secret of sealing |
| \`packages/testkit\` | tests | any |
`;

const MONEY_FILE = 'packages/ledger/src/index.ts';
const TEST_FILE = 'packages/ledger/src/index.test.ts';
const STORE_FILE = 'packages/store/src/index.ts';

describe('accepts', () => {
  test('the repository as it is', () => {
    const violations = findViolations(readRepository(repositoryRoot));
    expect(applyExemptions(violations, exemptions).map(printViolation)).toEqual([]);
  });

  test.each([
    [
      'a cast inside a parse function',
      MONEY_FILE,
      'export function parseRow(x: unknown) { return x as string; }',
    ],
    ['a const assertion', MONEY_FILE, 'export const kinds = ["a"] as const;'],
    ['a cast in a test', TEST_FILE, 'const x = 1 as unknown;'],
    [
      'a catch that rethrows',
      MONEY_FILE,
      'export function f() { try { g(); } catch { throw new Error("x"); } }',
    ],
    [
      'a catch that uses what it caught',
      MONEY_FILE,
      'export function f() { try { g(); } catch (e) { h(e); } }',
    ],
    ['a date with an argument', MONEY_FILE, 'export const f = (atMs: number) => new Date(atMs);'],
    [
      'the clock in the command line',
      'packages/testkit/src/index.ts',
      'export const f = () => Date.now();',
    ],
    [
      'a name that the processor vendor chose',
      MONEY_FILE,
      'export function bindReportData() { return 1; }',
    ],
    [
      'a type import that the table grants',
      STORE_FILE,
      'import type { Entry } from "@track-record/ledger"; export type Row = Entry;',
    ],
    [
      'a test that imports testkit',
      TEST_FILE,
      'import { fake } from "@track-record/testkit"; fake();',
    ],
    ['a test that reaches testkit by its path', TEST_FILE, 'import "../../testkit/src/index.ts";'],
    ['a long describe block', TEST_FILE, `describe("x", () => {${'\n'.repeat(80)}});`],
  ])('%s', (_name, path, text) => {
    expect(findIn(path, text)).toEqual([]);
  });
});

describe('refuses', () => {
  test.each([
    ['function-lines', MONEY_FILE, `export function f() {${'\n'.repeat(71)}}`],
    ['file-lines', MONEY_FILE, 'export {};\n'.repeat(401)],
    ['file-lines', TEST_FILE, 'export {};\n'.repeat(601)],
    ['columns', MONEY_FILE, `// ${'x'.repeat(100)}`],
    ['any', MONEY_FILE, 'export function f(x: any) { return 1; }'],
    ['cast', MONEY_FILE, 'export const f = (x: unknown) => x as string;'],
    ['cast', MONEY_FILE, 'export const f = (x: unknown) => <string>x;'],
    ['swallowed-failure', MONEY_FILE, 'export function f() { try { g(); } catch {} }'],
    [
      'swallowed-failure',
      MONEY_FILE,
      'export function f() { try { g(); } catch (e) { return null; } }',
    ],
    ['swallowed-failure', MONEY_FILE, 'export const f = () => g().catch(() => undefined);'],
    ['zero-fallback', MONEY_FILE, 'export const f = (x?: number) => x ?? 0;'],
    ['zero-fallback', MONEY_FILE, 'export const f = (x?: string) => x || "0";'],
    ['zero-fallback', STORE_FILE, 'export const f = (x?: bigint) => x ?? 0n;'],
    ['ambient', MONEY_FILE, 'export const f = () => process.env["X"];'],
    ['ambient', MONEY_FILE, 'import process from "node:process"; export const p = process.pid;'],
    ['ambient', MONEY_FILE, 'export const f = () => Date.now();'],
    ['ambient', MONEY_FILE, 'export const f = (now = Date.now) => now();'],
    ['ambient', MONEY_FILE, 'export const f = () => new Date();'],
    ['ambient', MONEY_FILE, 'export const f = () => performance.now();'],
    ['ambient', MONEY_FILE, 'export const f = () => Math.random();'],
    [
      'ambient',
      MONEY_FILE,
      'import { randomBytes } from "node:crypto"; export const f = randomBytes;',
    ],
    ['ambient', MONEY_FILE, 'export const f = () => crypto.randomUUID();'],
    ['ambient', MONEY_FILE, 'export const f = () => DateTime.utc();'],
    ['float-money', MONEY_FILE, 'export const f = (x: string) => Number(x);'],
    ['float-money', MONEY_FILE, 'export const f = (x: string) => parseFloat(x);'],
    ['float-money', MONEY_FILE, 'export const f = (x: string) => Number.parseFloat(x);'],
    ['float-money', MONEY_FILE, 'export const f = (x: string) => +x;'],
    ['empty-name', MONEY_FILE, 'export class SyncManager {}'],
    ['empty-name', MONEY_FILE, 'export interface AccountData { id: string }'],
    ['empty-name', MONEY_FILE, 'export function processEntries() { return 1; }'],
    ['empty-name', 'packages/ledger/src/string-utils.ts', ''],
    ['file-name', 'packages/ledger/src/NavPoint.ts', ''],
    ['default-export', MONEY_FILE, 'export default function f() { return 1; }'],
    ['barrel', 'packages/ledger/src/all/index.ts', 'export * from "../index.ts";'],
    ['unused-file', 'packages/ledger/src/left.ts', 'const x = 1;'],
    ['unused-export', 'packages/ledger/src/left.ts', 'export const x = 1;'],
    ['room-arrow', STORE_FILE, 'import { Decimal } from "@track-record/ledger"; Decimal();'],
    [
      'room-arrow',
      STORE_FILE,
      'import type { Envelope } from "@track-record/sealing"; export type E = Envelope;',
    ],
    ['room-arrow', STORE_FILE, 'import { fake } from "@track-record/testkit"; fake();'],
    ['room-arrow', STORE_FILE, 'import "../../ledger/src/index.ts";'],
    ['room-arrow', STORE_FILE, 'export const f = () => import("@track-record/ledger");'],
    ['room-arrow', 'packages/left/package.json', '{"name":"@track-record/left"}'],
    [
      'room-arrow',
      'packages/ledger/package.json',
      '{"dependencies":{"@track-record/store":"workspace:*"}}',
    ],
    [
      'room-arrow',
      'packages/ledger/package.json',
      '{"devDependencies":{"@track-record/store":"workspace:*"}}',
    ],
    ['loose-version', 'packages/ledger/package.json', '{"dependencies":{"pg":"^8.0.0"}}'],
    ['loose-version', 'pnpm-workspace.yaml', 'catalog:\n  pg: ^8.0.0\n'],
    ['install-script', 'packages/ledger/package.json', '{"scripts":{"postinstall":"x"}}'],
    ['install-script', 'pnpm-workspace.yaml', 'allowBuilds:\n  pg: true\n'],
    ['postponed', MONEY_FILE, '// TODO later'],
    ['postponed', 'docs/start.md', 'This does for now.'],
    ['machine-path', 'docs/start.md', 'See /home/somebody/notes.'],
    ['lockfile-address', 'pnpm-lock.yaml', 'resolution: {tarball: x}'],
  ])('%s in %s, row %#', (rule, path, text) => {
    expect(findIn(path, text).map((violation) => violation.rule)).toContain(rule);
  });

  test('an exemption that covers less or more than there is', () => {
    const violation = { path: 'a.ts', line: 1, rule: 'any', sentence: 'x' };
    const exemption = { path: 'a.ts', rule: 'any', reason: 'x' };
    const rulesWith = (count: number, found: readonly Violation[]) =>
      applyExemptions(found, [{ ...exemption, count }]).map((each) => each.rule);
    expect(rulesWith(1, [violation])).toEqual([]);
    expect(rulesWith(1, [violation, violation])).toEqual(['any', 'any']);
    expect(rulesWith(2, [violation])).toEqual(['exemption']);
  });
});

describe('holds', () => {
  test('exemptions only shrink, and each has a reason', () => {
    const sum = exemptions.reduce((total, each) => total + each.count, 0);
    expect(sum).toBeLessThanOrEqual(EXEMPT_MAX);
    expect(exemptions.filter((each) => each.reason.length < 20)).toEqual([]);
  });
});

/** What tidy says of one file among the smallest rooms that obey it. */
function findIn(path: string, text: string): readonly Violation[] {
  const rooms = ['ledger', 'sealing', 'store', 'testkit'];
  const house = rooms.flatMap((room): readonly TextFile[] => [
    { path: `packages/${room}/package.json`, text: manifestOf(room) },
    { path: `packages/${room}/src/index.ts`, text: 'export const x = 1;\n' },
  ]);
  const rest = [...house, { path: 'docs/rooms.md', text: ROOMS }];
  const texts = [{ path, text }, ...rest.filter((file) => file.path !== path)];
  return findViolations(repositoryOf('', texts));
}

function manifestOf(room: string): string {
  const exports = { '.': { '@track-record/source': './src/index.ts' } };
  return JSON.stringify({ name: `@track-record/${room}`, exports });
}
