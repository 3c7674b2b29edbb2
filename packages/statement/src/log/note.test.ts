// Known answers: the key and note of golang.org/x/mod/sumdb/note, the example key and note of the
// C2SP signed-note page, and the witness line of the C2SP tlog-cosignature page, which publishes no
// key: of that one, only the framing can be checked.

import { createPrivateKey, sign as signByNode } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { codeOf } from '@track-record/errors';
import { fromHex, toBase64 } from '../text-bytes.ts';
import { fromBase64 } from './base64.ts';
import { noteKey } from './note-key.ts';
import { formatNoteKey, parseNoteKey, signNoteText, verifyNote } from './note.ts';

const PETER = 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW';
const PETER_TEXT =
  'If you think cryptography is the answer to your problem,\n' +
  "then you don't know what your problem is.\n";
const PETER_LINE =
  '\u2014 PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngo' +
  'tpRZb6KE6RyyBwJnAM=\n';
const PETER_NOTE = `${PETER_TEXT}\n${PETER_LINE}`;
/** From the private half that the Go test publishes: PRIVATE+KEY+PeterNeumann+c74f20a3+AYEK... */
const PETER_SEED = fromBase64('AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz').subarray(1);
const EXAMPLE = 'example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k';
const EXAMPLE_NOTE =
  'This is an example message.\n\n\u2014 example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppz' +
  'i2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n';
const CHECKPOINT =
  'example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n';
const WITNESS_LINE =
  '\u2014 witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJs' +
  'X3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==\n';
const WITNESS_TIME = 1_679_315_147;

/** Signs with Node's own Ed25519 rather than by the code under test. */
async function signAsPeter(message: Uint8Array): Promise<Uint8Array> {
  const der = Buffer.concat([fromHex('302e020100300506032b657004220420'), PETER_SEED]);
  return signByNode(null, message, createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }));
}

const peter = await parseNoteKey(PETER);
const witness = await noteKey('witness', 'witness.example/w1', peter.publicKey);

const cosigned = await signNoteText(PETER_TEXT, witness, WITNESS_TIME, signAsPeter);

describe('accepts', () => {
  it.each([PETER, EXAMPLE])('the published key %s, and writes it again', async (text) => {
    expect(formatNoteKey(await parseNoteKey(text))).toBe(text);
  });

  it('the published notes', async () => {
    const { text, signatures } = await verifyNote(PETER_NOTE, [peter]);
    expect(text).toBe(PETER_TEXT);
    expect(signatures).toEqual([{ key: peter, time: null }]);
    const example = await verifyNote(EXAMPLE_NOTE, [await parseNoteKey(EXAMPLE)]);
    expect(example.text).toBe('This is an example message.\n');
  });

  it('signs the published bytes', async () => {
    expect(await signNoteText(PETER_TEXT, peter, null, signAsPeter)).toBe(PETER_LINE);
  });

  it('a witness, with the time it signed', async () => {
    const line = await signNoteText(PETER_TEXT, witness, WITNESS_TIME, async (message) => {
      const asked = `cosignature/v1\ntime 1679315147\n${PETER_TEXT}`;
      expect(Buffer.from(message).toString('utf8')).toBe(asked);
      return signAsPeter(message);
    });
    const { signatures } = await verifyNote(PETER_NOTE + line, [peter, witness]);
    expect(signatures).toEqual([
      { key: peter, time: null },
      { key: witness, time: WITNESS_TIME },
    ]);
  });

  it('the framing of the published witness line', () => {
    const bytes = fromBase64(WITNESS_LINE.trim().split(' ')[2] ?? '');
    expect(Buffer.from(bytes.subarray(0, 4)).toString('hex')).toBe('8d66cf3f');
    expect(new DataView(bytes.buffer).getBigUint64(4)).toBe(BigInt(WITNESS_TIME));
    expect(bytes).toHaveLength(4 + 8 + 64);
  });

  it('a text with empty lines, and lines of keys it does not know', async () => {
    const text = 'one\n\ntwo\n';
    const line = await signNoteText(text, peter, null, signAsPeter);
    const note = `${text}\n${WITNESS_LINE}${line}${WITNESS_LINE}`;
    expect((await verifyNote(note, [peter])).text).toBe(text);
    expect(await verifyNote(`${CHECKPOINT}\n${PETER_LINE}`, [peter]).catch(codeOf)).toBe(
      'LOG_SIGNATURE_INVALID',
    );
  });
});

describe('refuses', () => {
  const notes: readonly (readonly [string, string, string])[] = [
    ['nothing', '', 'LOG_MALFORMED'],
    ['no signature', PETER_TEXT, 'LOG_MALFORMED'],
    ['no empty line', PETER_TEXT + PETER_LINE, 'LOG_MALFORMED'],
    ['no last line break', PETER_NOTE.slice(0, -1), 'LOG_MALFORMED'],
    ['an empty line after it', `${PETER_NOTE}\n`, 'LOG_MALFORMED'],
    ['text after the signatures', `${PETER_NOTE}more\n`, 'LOG_MALFORMED'],
    ['a hyphen for the dash', PETER_NOTE.replace('\u2014', '-'), 'LOG_MALFORMED'],
    ['two spaces', PETER_NOTE.replace('Neumann x0', 'Neumann  x0'), 'LOG_MALFORMED'],
    ['a carriage return', PETER_NOTE.replaceAll('\n', '\r\n'), 'LOG_MALFORMED'],
    ['a tab', PETER_NOTE.replace('you ', 'you\t'), 'LOG_MALFORMED'],
    ['half a character', PETER_NOTE.replace('you', '\ud800'), 'LOG_MALFORMED'],
    ['base64 without padding', PETER_NOTE.replace('AM=', 'AM'), 'LOG_MALFORMED'],
    ['another spelling of base64', PETER_NOTE.replace('AM=', 'AN='), 'LOG_MALFORMED'],
    ['base64 of the URL alphabet', PETER_NOTE.replace('o/Z', 'o_Z'), 'LOG_MALFORMED'],
    ['a key id alone', `${PETER_TEXT}\n\u2014 PeterNeumann x08gow==\n`, 'LOG_MALFORMED'],
    ['a plus in a name', PETER_NOTE.replace('\u2014 Peter', '\u2014 Pet+r'), 'LOG_MALFORMED'],
    ['129 signatures', `${PETER_TEXT}\n${WITNESS_LINE.repeat(129)}`, 'LOG_MALFORMED'],
    ['a mebibyte', `${'a'.repeat(2 ** 20)}${PETER_NOTE}`, 'LOG_MALFORMED'],
    ['another text', PETER_NOTE.replace('problem is', 'problem was'), 'LOG_SIGNATURE_INVALID'],
    ['another signature', PETER_NOTE.replace('UG/S', 'UG/T'), 'LOG_SIGNATURE_INVALID'],
    ['an unknown key alone', `${PETER_TEXT}\n${WITNESS_LINE}`, 'LOG_SIGNATURE_INVALID'],
    ['another name', PETER_NOTE.replace('\u2014 Peter', '\u2014 peter'), 'LOG_SIGNATURE_INVALID'],
    [
      'a signature cut short',
      withSignature((bytes) => bytes.subarray(0, -1)),
      'LOG_SIGNATURE_INVALID',
    ],
  ];
  it.each(notes)('a note with %s', async (_name, note, expected) => {
    await expect(verifyNote(note, [peter]).catch(codeOf)).resolves.toBe(expected);
  });

  const stamp = (change: (time: DataView) => void): string =>
    withSignature((bytes) => {
      change(new DataView(bytes.buffer, bytes.byteOffset));
      return bytes;
    }, cosigned);
  const cosignatures: readonly (readonly [string, string])[] = [
    ['of another time', PETER_NOTE + stamp((time) => time.setBigUint64(4, 1n))],
    ['of a time beyond counting', PETER_NOTE + stamp((time) => time.setBigUint64(4, 2n ** 63n))],
    ['without a time', PETER_NOTE + withSignature((bytes) => bytes.subarray(0, 12), cosigned)],
    ['and no log', `${PETER_TEXT}\n${cosigned}`],
  ];
  it.each(cosignatures)('a cosignature %s', async (_name, note) => {
    const refusal = verifyNote(note, [peter, witness]).catch(codeOf);
    await expect(refusal).resolves.toBe('LOG_SIGNATURE_INVALID');
  });

  const keys: readonly (readonly [string, string])[] = [
    ['nothing', ''],
    ['an id of another key', PETER.replace('c74f20a3', 'c74f20a4')],
    ['an id in capitals', PETER.replace('c74f20a3', 'C74F20A3')],
    ['a name with a space', PETER.replace('PeterN', 'Peter N')],
    ['a key of another type', 'PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW'],
    [
      'a key too long',
      'PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWBADKEY==',
    ],
    ['a key cut short', PETER.slice(0, -4)],
  ];
  it.each(keys)('a key: %s', async (_name, text) => {
    await expect(parseNoteKey(text).catch(codeOf)).resolves.toBe('LOG_MALFORMED');
  });

  function withSignature(change: (bytes: Uint8Array) => Uint8Array, line = PETER_LINE): string {
    const [dash, name, encoded = ''] = line.trim().split(' ');
    const changed = `${dash} ${name} ${toBase64(change(fromBase64(encoded)))}\n`;
    return line === PETER_LINE ? `${PETER_TEXT}\n${changed}` : changed;
  }
});

describe('holds', () => {
  it('a witness key has another id than a log key of the same name and bytes', async () => {
    const log = await noteKey('log', 'witness.example/w1', peter.publicKey);
    expect(log.keyId).not.toBe(witness.keyId);
  });

  it('a repeated line counts once', async () => {
    const line = await signNoteText(PETER_TEXT, witness, WITNESS_TIME, signAsPeter);
    const { signatures } = await verifyNote(PETER_NOTE + line.repeat(3), [peter, witness]);
    expect(signatures).toHaveLength(2);
  });
});
