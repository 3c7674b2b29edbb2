// A secret that cannot be printed by accident. It owns its bytes: whoever makes it must call `wipe`
// in a `finally`. JavaScript strings made from it cannot be erased; docs/LIMITATIONS.md says so. No
// node: import, because the intake entry point runs in browsers too.

const SHOWN = '[secret]';

/** What node:util calls `inspect.custom`, by its registered name. */
const INSPECT = Symbol.for('nodejs.util.inspect.custom');

export class Secret {
  #bytes: Uint8Array | null;

  /** Takes ownership of `bytes`: the caller must not keep or reuse them. */
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** The bytes for the length of one call; they must not outlive it. */
  open<T>(read: (bytes: Uint8Array) => T): T {
    if (this.#bytes === null) throw new Error('A wiped secret was opened.');
    return read(this.#bytes);
  }

  /** The same for work that waits: a copy, overwritten when the work is done. */
  async openCopy<T>(read: (bytes: Uint8Array<ArrayBuffer>) => Promise<T>): Promise<T> {
    const copy = this.open((bytes) => new Uint8Array(bytes));
    try {
      return await read(copy);
    } finally {
      copy.fill(0);
    }
  }

  /** Overwrites the bytes. Safe to call twice. */
  wipe(): void {
    this.#bytes?.fill(0);
    this.#bytes = null;
  }

  toString(): string {
    return SHOWN;
  }

  toJSON(): string {
    return SHOWN;
  }

  [INSPECT](): string {
    return SHOWN;
  }
}
