// Questions and answers between two isolates of the worker: threads of one process that share no
// object. What crosses is copied, or moved where the sender is to keep nothing; a failure crosses
// as its code, and a bug as its text, which goes no further than the process. What a compromised
// isolate sends is as untrusted as what it handles.

import { inspect } from 'node:util';
import type { Transferable } from 'node:worker_threads';
import { RecordError, type Code } from '@track-record/errors';

/** What one isolate may be asked. */
export type Calls = Readonly<Record<string, (given: never) => Promise<unknown>>>;

type AnswerOf<Call> = Call extends (given: never) => Promise<infer Answer> ? Answer : never;

/** A `MessagePort`, or the `Worker` whose other end it is. */
export interface Port {
  on(event: 'message', listener: (message: Message) => void): unknown;
  postMessage(message: Message, transfer?: readonly Transferable[]): void;
}

export interface Line<Theirs extends Calls> {
  /** What the other side answers or refuses; `moved` buffers are gone from this one. */
  ask<Name extends keyof Theirs & string>(
    name: Name,
    given: Parameters<Theirs[Name]>[0],
    moved?: readonly Transferable[],
  ): Promise<AnswerOf<Theirs[Name]>>;
  /** Every question without an answer fails with this, and every later one. */
  cut(refusal: RecordError): void;
}

type Message =
  | { readonly kind: 'ask'; readonly id: number; readonly name: string; readonly given: unknown }
  | { readonly kind: 'answer'; readonly id: number; readonly value: unknown }
  | { readonly kind: 'refusal'; readonly id: number; readonly refusal: Refusal };

type Refusal =
  | { readonly bug: string }
  | {
      readonly code: Code;
      readonly place: string | null;
      readonly retryAfterSeconds: number | null;
    };

/** Answers `ours`, and asks for what `Theirs` declares. */
export function openLine<Theirs extends Calls>(port: Port, ours: Calls): Line<Theirs> {
  const waiting = new Map<number, PromiseWithResolvers<unknown>>();
  let asked = 0;
  let isCut: RecordError | null = null;
  port.on('message', (message) => {
    if (message.kind === 'ask') return void answer(port, ours, message);
    const question = waiting.get(message.id);
    waiting.delete(message.id);
    if (message.kind === 'answer') question?.resolve(message.value);
    else question?.reject(errorOf(message.refusal));
  });
  return {
    ask: async <Name extends keyof Theirs & string>(
      name: Name,
      given: Parameters<Theirs[Name]>[0],
      moved: readonly Transferable[] = [],
    ) => {
      if (isCut !== null) throw isCut;
      const question = Promise.withResolvers<unknown>();
      const id = (asked += 1);
      waiting.set(id, question);
      port.postMessage({ kind: 'ask', id, name, given }, moved);
      return parseAnswer<AnswerOf<Theirs[Name]>>(await question.promise);
    },
    cut: (refusal) => {
      isCut = refusal;
      for (const question of waiting.values()) question.reject(refusal);
      waiting.clear();
    },
  };
}

async function answer(
  port: Port,
  ours: Calls,
  { id, name, given }: Extract<Message, { kind: 'ask' }>,
): Promise<void> {
  try {
    port.postMessage({ kind: 'answer', id, value: await parseCall(ours, name)(given) });
  } catch (error) {
    port.postMessage({ kind: 'refusal', id, refusal: refusalOf(error) });
  }
}

function refusalOf(error: unknown): Refusal {
  if (!(error instanceof RecordError)) return { bug: inspect(error) };
  const { code, place, retryAfterSeconds } = error;
  return { code, place, retryAfterSeconds };
}

function errorOf(refusal: Refusal): Error {
  if ('bug' in refusal) return new Error(refusal.bug);
  const { code, place, retryAfterSeconds } = refusal;
  return new RecordError(code, {
    ...(place === null ? {} : { place }),
    ...(retryAfterSeconds === null ? {} : { retryAfterSeconds }),
  });
}

function parseCall(ours: Calls, name: string): (given: unknown) => Promise<unknown> {
  const call = Object.hasOwn(ours, name) ? ours[name] : undefined;
  if (call === undefined) throw new Error('There is no such call.');
  return call as (given: unknown) => Promise<unknown>;
}

/** The type that the other side's declaration gives to the answer. */
function parseAnswer<Answer>(value: unknown): Answer {
  return value as Answer;
}
