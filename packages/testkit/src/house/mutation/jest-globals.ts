// What the tests import from `@jest/globals` when the mutation check runs them: it only collects,
// so that one test can be run many times. Matchers are Jest's own.

import { createRequire } from 'node:module';

type Body = (...values: never[]) => unknown;

export interface CollectedTest {
  readonly name: string;
  readonly run: () => Promise<void>;
}

interface Suite {
  (name: string, body: Body): void;
  readonly each: (rows: readonly unknown[]) => (name: string, body: Body) => void;
  /** What is skipped under Jest is skipped here. */
  readonly skip: { (): void; readonly each: () => () => void };
}

/** Jest's matchers are a dependency of the package that the tests name. */
const fromJest = createRequire(createRequire(import.meta.url).resolve('@jest/globals'));
const matchers: { jestExpect: unknown } = fromJest('@jest/expect');
export const expect = matchers.jestExpect;

export const collected: CollectedTest[] = [];
const names: string[] = [];

export const describe: Suite = suite((name, body) => {
  names.push(name);
  body();
  names.pop();
});

export const test: Suite = suite((name, body) => {
  const run = async (): Promise<void> => {
    await body();
  };
  collected.push({ name: [...names, name].join(' > '), run });
});

export function beforeAll(body: () => unknown): void {
  body();
}

/** What a test leaves behind, it leaves until the process ends. */
export function afterAll(): void {}

function suite(add: (name: string, body: () => unknown) => void): Suite {
  const each: Suite['each'] = (rows) => (name, body) => {
    for (const [index, row] of rows.entries()) {
      const values: readonly unknown[] = Array.isArray(row) ? row : [row];
      add(`${name} ${index}`, () => Reflect.apply(body, undefined, values));
    }
  };
  const run = (name: string, body: Body): void => {
    add(name, () => Reflect.apply(body, undefined, []));
  };
  const nothing = (): void => {};
  return Object.assign(run, { each, skip: Object.assign(nothing, { each: () => nothing }) });
}
