// The master key into an enclave, from holders and from a peer: what is taken, what is refused, and
// that nothing shows the key on the way.

import { inspect } from 'node:util';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { RecordError } from '@track-record/errors';
import { sealMessage } from '../hpke-message.ts';
import { Secret } from '../secret.ts';
import { type AttestedKey, peerContext, peerMessage, sealForPeer } from './peer-message.ts';
import { type Quorum, splitMasterKey } from './quorum.ts';
import { sealShare, type ShareContext, shareContext, shareMessage } from './share-message.ts';
import { UnsealSession } from './unseal-session.ts';

const MASTER = '000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f';
const REPORT_DATA = new Uint8Array(64).fill(1);
const context: ShareContext = { holder: 'holder-1', reportData: REPORT_DATA };
const errors: unknown[] = [];

let quorum: Quorum;
let shares: readonly Secret[];
/** Of another master key, split alike. */
let strange: { readonly quorum: Quorum; readonly shares: readonly Secret[] };

beforeAll(async () => {
  ({ quorum, shares } = await splitMasterKey(secretOf(MASTER), 3, 5));
  strange = await splitMasterKey(secretOf('11'.repeat(32)), 3, 5);
});

function secretOf(hex: string): Secret {
  return new Secret(Uint8Array.from(Buffer.from(hex, 'hex')));
}

function hexOf(secret: Secret): string {
  return secret.open((bytes) => Buffer.from(bytes).toString('hex'));
}

function start(seed = '22', of = quorum): Promise<UnsealSession> {
  return UnsealSession.start(of, secretOf(seed.repeat(32)));
}

function share(at: number, of = shares): Secret {
  const found = of[at];
  if (found === undefined) throw new Error('There is no such share.');
  return found;
}

async function sealed(session: UnsealSession, at: number, as = context): Promise<Uint8Array> {
  return await sealShare(session.publicKey, share(at), quorum.keyCommitment, as);
}

async function refusalOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
  } catch (error) {
    errors.push(error);
    return error instanceof RecordError ? `${error.code} ${error.place}` : String(error);
  }
  return 'accepted';
}

function attested(session: UnsealSession): AttestedKey {
  return { publicKey: session.publicKey, reportData: REPORT_DATA };
}

describe('accepts', () => {
  it.each([
    [0, 1, 2],
    [4, 2, 0],
    [1, 3, 4],
  ])('the shares %d, %d and %d of five', async (...chosen) => {
    const session = await start();
    for (const at of chosen) await session.acceptShare(await sealed(session, at), context);
    expect(session.progress).toEqual({ held: 3, threshold: 3 });
    expect(hexOf(await session.masterKeyOfShares())).toBe(MASTER);
  });

  it('all five, from five holders at once', async () => {
    const session = await start();
    const holders = shares.map((_, at) => ({ ...context, holder: `holder-${at}` }));
    const messages = holders.map((as, at) => sealed(session, at, as).then((bytes) => [bytes, as]));
    const arrived = (await Promise.all(messages)) as [Uint8Array, ShareContext][];
    await Promise.all(arrived.map(([bytes, as]) => session.acceptShare(bytes, as)));
    expect(hexOf(await session.masterKeyOfShares())).toBe(MASTER);
  });

  it('the key of a peer that checked it', async () => {
    const session = await start();
    const message = await sealForPeer(secretOf(MASTER), attested(session));
    expect(hexOf(await session.masterKeyOfPeer(message, REPORT_DATA))).toBe(MASTER);
  });
});

describe('refuses', () => {
  const MESSAGE = 'UNSEAL_SHARE_REFUSED message';
  const cases: readonly (readonly [
    string,
    (session: UnsealSession) => Promise<unknown>,
    string,
  ])[] = [
    [
      'a share that was sealed to another enclave',
      async (session) => session.acceptShare(await sealed(await start('33'), 0), context),
      MESSAGE,
    ],
    [
      'a share that was sealed for other evidence',
      async (session) => {
        const earlier = { ...context, reportData: new Uint8Array(64) };
        await session.acceptShare(await sealed(session, 0, earlier), context);
      },
      MESSAGE,
    ],
    [
      'a share under the name of another holder',
      async (session) =>
        session.acceptShare(await sealed(session, 0), { ...context, holder: 'holder-2' }),
      MESSAGE,
    ],
    [
      'the same share twice',
      async (session) => {
        await session.acceptShare(await sealed(session, 0), context);
        await session.acceptShare(await sealed(session, 0), context);
      },
      'UNSEAL_SHARE_REFUSED share.repeated',
    ],
    [
      'the same share twice at once',
      async (session) => {
        const message = await sealed(session, 0);
        await Promise.all([message, message].map((each) => session.acceptShare(each, context)));
      },
      'UNSEAL_SHARE_REFUSED share.repeated',
    ],
    [
      'a share of another master key, said to be of this one',
      async (session) => {
        const of = share(0, strange.shares);
        const message = await sealedByCheat(session, of, quorum.keyCommitment);
        await session.acceptShare(message, context);
      },
      'UNSEAL_SHARE_REFUSED share.commitment',
    ],
    [
      'a share of another master key',
      async (session) => {
        const { keyCommitment } = strange.quorum;
        const of = share(0, strange.shares);
        const message = await sealShare(session.publicKey, of, keyCommitment, context);
        await session.acceptShare(message, context);
      },
      MESSAGE,
    ],
    [
      'at the holder, a share of another key than the configuration names',
      (session) =>
        sealShare(session.publicKey, share(0, strange.shares), quorum.keyCommitment, context),
      'UNSEAL_SHARE_REFUSED share.key',
    ],
    [
      'at the holder, what is no share',
      (session) => sealShare(session.publicKey, secretOf(MASTER), MASTER, context),
      'ARGUMENT_INVALID share',
    ],
    [
      'at the holder, an all-zero key',
      () => sealShare(new Uint8Array(32), share(0), quorum.keyCommitment, context),
      'ENVELOPE_REFUSED null',
    ],
    [
      'at the holder, a key that is cut',
      () => sealShare(new Uint8Array(31), share(0), quorum.keyCommitment, context),
      'ENVELOPE_REFUSED null',
    ],
    [
      'two of three shares',
      async (session) => {
        for (const at of [0, 1]) await session.acceptShare(await sealed(session, at), context);
        await session.masterKeyOfShares();
      },
      'UNSEAL_INCOMPLETE null',
    ],
    ['no share', (session) => session.masterKeyOfShares(), 'UNSEAL_INCOMPLETE null'],
    [
      'shares that are not of the key that the configuration names',
      async () => {
        const { keyCommitment } = strange.quorum;
        const session = await start('22', { ...quorum, keyCommitment });
        for (const at of [0, 1, 2]) {
          const message = await sealedByCheat(session, share(at), keyCommitment);
          await session.acceptShare(message, context);
        }
        await session.masterKeyOfShares();
      },
      'UNSEAL_SHARE_REFUSED key.commitment',
    ],
    ['nothing', (session) => session.acceptShare(new Uint8Array(0), context), MESSAGE],
    ['a megabyte', (session) => session.acceptShare(new Uint8Array(2 ** 20), context), MESSAGE],
    [
      'a share as a hand-over',
      async (session) => session.masterKeyOfPeer(await sealed(session, 0), REPORT_DATA),
      'HANDOVER_REFUSED message',
    ],
    [
      'a hand-over to another enclave',
      async (session) => {
        const other = attested(await start('33'));
        const message = await sealForPeer(secretOf(MASTER), other);
        await session.masterKeyOfPeer(message, REPORT_DATA);
      },
      'HANDOVER_REFUSED message',
    ],
    [
      'a hand-over for other evidence',
      async (session) => {
        const message = await sealForPeer(secretOf(MASTER), attested(session));
        await session.masterKeyOfPeer(message, new Uint8Array(64));
      },
      'HANDOVER_REFUSED message',
    ],
    [
      'a key that somebody else handed over',
      async (session) => {
        const theirs = secretOf('11'.repeat(32));
        const message = await sealForPeer(theirs, attested(session));
        await session.masterKeyOfPeer(message, REPORT_DATA);
      },
      'HANDOVER_REFUSED message',
    ],
    [
      'a key that somebody else handed over as the one that is wanted',
      async (session) => {
        const aad = peerContext(quorum.keyCommitment, REPORT_DATA);
        const theirs = new Uint8Array(32).fill(0x11);
        const message = await sealMessage(peerMessage, session.publicKey, theirs, aad);
        await session.masterKeyOfPeer(message, REPORT_DATA);
      },
      'HANDOVER_REFUSED key.commitment',
    ],
    [
      'to hand over to a key that is none',
      (session) =>
        sealForPeer(secretOf(MASTER), { ...attested(session), publicKey: new Uint8Array() }),
      'ENVELOPE_REFUSED null',
    ],
  ];
  it.each(cases)('%s', async (_name, attempt, refusal) => {
    expect(await refusalOf(attempt(await start()))).toBe(refusal);
  });

  it('every byte of a message changed', async () => {
    const session = await start();
    const message = await sealed(session, 0);
    for (const [at, byte] of message.entries()) {
      const changed = message.with(at, byte ^ 0x80);
      expect([at, await refusalOf(session.acceptShare(changed, context))]).toEqual([at, MESSAGE]);
    }
    expect(session.progress.held).toBe(0);
  });
});

describe('holds', () => {
  it('what is refused leaves the session able to go on', async () => {
    const session = await start();
    await refusalOf(session.acceptShare(new Uint8Array(99), context));
    for (const at of [0, 1, 2]) await session.acceptShare(await sealed(session, at), context);
    expect(hexOf(await session.masterKeyOfShares())).toBe(MASTER);
  });

  it('a session that was wiped has no shares', async () => {
    const session = await start();
    for (const at of [0, 1, 2]) await session.acceptShare(await sealed(session, at), context);
    session.wipe();
    expect(session.progress.held).toBe(0);
    expect(await refusalOf(session.masterKeyOfShares())).toBe('UNSEAL_INCOMPLETE null');
  });

  it('neither an error nor what prints a session shows the key or a share', async () => {
    const session = await start();
    for (const at of [0, 1, 2]) await session.acceptShare(await sealed(session, at), context);
    const seen = [session, await session.masterKeyOfShares(), shares, ...errors]
      .map((each) => `${inspect(each, { depth: null, showHidden: true })}${JSON.stringify(each)}`)
      .join('\n');
    const secrets = [MASTER, ...shares.map((each) => hexOf(each).slice(76, 140))];
    for (const secret of secrets) {
      const bytes = Buffer.from(secret, 'hex');
      const spellings = [secret, bytes.toString('base64'), [...bytes].join(', ')];
      for (const text of spellings) expect(seen.includes(text.slice(0, 20))).toBe(false);
    }
    expect(errors.length).toBeGreaterThan(100);
  });
});

/** What only a cheating holder sends: any share, said to be of any key. */
async function sealedByCheat(
  session: UnsealSession,
  of: Secret,
  keyCommitment: string,
): Promise<Uint8Array> {
  const aad = shareContext(keyCommitment, context);
  return await of.openCopy((bytes) => sealMessage(shareMessage, session.publicKey, bytes, aad));
}
