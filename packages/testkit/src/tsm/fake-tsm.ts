// The kernel's configfs-tsm with an SNP guest under it, in memory: what drivers/virt/coco (report.c
// and sev-guest.c of Linux 6.12) do with each file, and the chip of the fake AMD authority behind
// them. A real directory could not play it: writes take effect at close() without an answer,
// reading `outblob` asks the processor, and generations count writes. Everything that may go wrong
// there can be made to.

import type { TsmFiles } from '@track-record/attestation/obtain';
import type { FakeAmdAuthority, FakeLeaf } from '../amd/fake-authority.ts';
import { fakeCertificateTable } from '../amd/fake-authority.ts';
import type { ReportOptions } from '../amd/fake-report.ts';
import { pem } from '../der-writer.ts';

export const FAKE_TSM_ROOT = '/sys/kernel/config/tsm/report';

/** Errno names, as Node gives them in an error's code. */
export type Errno =
  | 'EACCES'
  | 'EBUSY'
  | 'EEXIST'
  | 'EFAULT'
  | 'EFBIG'
  | 'EINVAL'
  | 'EIO'
  | 'ENOENT'
  | 'ENOTTY'
  | 'ENXIO'
  | 'ETIMEDOUT'
  | 'ETXTBSY';

/** `mkdir`, `rmdir`, or an attribute with what is done to it. */
export type TsmOperation = 'mkdir' | 'rmdir' | `read ${string}` | `write ${string}`;

export interface FakeTsmOptions {
  readonly authority: FakeAmdAuthority;
  readonly report?: Partial<ReportOptions>;
  /** The host's certificates: in PEM unless told otherwise, as hosts mostly have them. */
  readonly certificates?: 'pem' | 'der' | 'none' | Uint8Array;
  readonly provider?: string;
  readonly privlevelFloor?: number;
}

export interface FakeTsm {
  readonly files: TsmFiles;
  /** REPORT_DATA of every request that reached the security processor. */
  readonly requests: readonly Buffer[];
  /** Names of the entries that exist. */
  readonly entries: () => readonly string[];
  /** From now on this operation fails so; null ends it. */
  readonly fail: (operation: TsmOperation, errno: Errno | null) => void;
  /** The firmware refuses the next request: EIO, and the driver wipes its key. */
  readonly failFirmware: () => void;
  /** Writes to this attribute are answered well and not taken. */
  readonly loseWrites: (attribute: string) => void;
  /** Something else writes into the entry just before its next `times` requests. */
  readonly interfere: (times: number) => void;
  /** What becomes of every report before it is read. */
  readonly alterReports: (alter: (report: Buffer) => Buffer) => void;
  /** Requests are not answered until the result is called. */
  readonly stall: () => () => void;
  /** Another chip answers from now on, as after a move to another machine. */
  readonly moveTo: (report: Partial<ReportOptions>) => void;
  readonly leaf: () => FakeLeaf;
}

interface Entry {
  inblob: Buffer | null;
  privlevel: number;
  generation: number;
  answer: { readonly generation: number; readonly report: Buffer; readonly table: Buffer } | null;
}

/** The host, its chip and its kernel, and what a test has done to them. */
interface Machine {
  readonly authority: FakeAmdAuthority;
  readonly certificates: NonNullable<FakeTsmOptions['certificates']>;
  readonly provider: string;
  readonly privlevelFloor: number;
  readonly entries: Map<string, Entry>;
  readonly failures: Map<TsmOperation, Errno>;
  readonly lost: Set<string>;
  readonly requests: Buffer[];
  guest: Guest;
  leaf: FakeLeaf;
  hasKey: boolean;
  refusesNext: boolean;
  interferences: number;
  alter: (report: Buffer) => Buffer;
  gate: Promise<void>;
}

const REPORT_DATA_SIZE = 64;
const READABLE = [
  'generation',
  'provider',
  'privlevel_floor',
  'outblob',
  'auxblob',
  'manifestblob',
];
const WRITABLE = ['inblob', 'privlevel'];
const LEAF_GUIDS = {
  VCEK: '63da758d-e664-4564-adc5-f4b93be8accd',
  VLEK: 'a8074bc2-a25a-483e-aae6-39c045a0b8a1',
};
const ISSUER_GUID = '4ab7b379-bbac-4fe4-a02f-05aef327c782';

export function fakeTsm(options: FakeTsmOptions): FakeTsm {
  const machine = machineOf(options);
  return {
    files: filesOf(machine),
    requests: machine.requests,
    entries: () => [...machine.entries.keys()],
    fail: (operation, code) => {
      if (code === null) machine.failures.delete(operation);
      else machine.failures.set(operation, code);
    },
    failFirmware: () => {
      machine.refusesNext = true;
    },
    loseWrites: (attribute) => {
      machine.lost.add(attribute);
    },
    interfere: (times) => {
      machine.interferences = times;
    },
    alterReports: (alter) => {
      machine.alter = alter;
    },
    stall: () => {
      const { promise, resolve } = Promise.withResolvers<void>();
      machine.gate = promise;
      return resolve;
    },
    moveTo: (report) => {
      machine.guest = { ...machine.guest, ...report };
      machine.leaf = leafFor(machine.authority, machine.guest);
    },
    leaf: () => machine.leaf,
  };
}

function machineOf(options: FakeTsmOptions): Machine {
  const { authority, certificates = 'pem', provider = 'sev_guest', privlevelFloor = 0 } = options;
  const guest: Guest = { product: 'Genoa', signer: 'VCEK', ...options.report };
  return {
    authority,
    certificates,
    provider,
    privlevelFloor,
    entries: new Map(),
    failures: new Map(),
    lost: new Set(),
    requests: [],
    guest,
    leaf: leafFor(authority, guest),
    hasKey: true,
    refusesNext: false,
    interferences: 0,
    alter: (report) => report,
    gate: Promise.resolve(),
  };
}

function filesOf(machine: Machine): TsmFiles {
  const { entries } = machine;
  const failing = (operation: TsmOperation): void => {
    const code = machine.failures.get(operation);
    if (code !== undefined) throw errno(code);
  };
  return {
    mkdir: async (path) => {
      failing('mkdir');
      const { name, attribute } = partsOf(path);
      if (attribute !== null) throw errno('EACCES');
      if (entries.has(name)) throw errno('EEXIST');
      entries.set(name, { inblob: null, privlevel: 0, generation: 0, answer: null });
    },
    read: async (path) => {
      const { entry, attribute } = find(entries, path);
      failing(`read ${attribute}`);
      if (WRITABLE.includes(attribute)) throw errno('EACCES');
      if (!READABLE.includes(attribute)) throw errno('ENOENT');
      return new Uint8Array(await read(machine, entry, attribute));
    },
    write: async (path, bytes) => {
      const { entry, attribute } = find(entries, path);
      failing(`write ${attribute}`);
      if (!WRITABLE.includes(attribute)) throw errno('EACCES');
      write(machine, entry, attribute, Buffer.from(bytes));
    },
    rmdir: async (path) => {
      failing('rmdir');
      if (!entries.delete(partsOf(path).name)) throw errno('ENOENT');
    },
  };
}

async function read(machine: Machine, entry: Entry, attribute: string): Promise<Buffer> {
  if (attribute === 'generation') return Buffer.from(`${entry.generation}\n`);
  if (attribute === 'provider') return Buffer.from(`${machine.provider}\n`);
  if (attribute === 'privlevel_floor') return Buffer.from(`${machine.privlevelFloor}\n`);
  const answer = await request(machine, entry);
  if (attribute === 'outblob') return answer.report;
  return attribute === 'auxblob' ? answer.table : Buffer.alloc(0);
}

/** What is asked again of the same generation is answered from the cache. */
async function request(machine: Machine, entry: Entry): Promise<NonNullable<Entry['answer']>> {
  if (machine.interferences > 0) {
    machine.interferences -= 1;
    entry.inblob = Buffer.alloc(REPORT_DATA_SIZE, 0xee);
    entry.generation += 1;
  }
  if (entry.answer?.generation === entry.generation) return entry.answer;
  const { inblob, privlevel, generation } = entry;
  if (inblob?.length !== REPORT_DATA_SIZE) throw errno('EINVAL');
  if (privlevel < machine.privlevelFloor) throw errno('EINVAL');
  if (!machine.hasKey) throw errno('ENOTTY');
  machine.requests.push(inblob);
  await machine.gate;
  if (machine.refusesNext) {
    machine.hasKey = false;
    throw errno('EIO');
  }
  const { authority, guest, leaf, certificates } = machine;
  const report = authority.report({ ...guest, reportData: inblob, vmpl: privlevel }, leaf);
  const table = tableOf(certificates, authority, guest, leaf);
  entry.answer = { generation, report: machine.alter(report), table };
  return entry.answer;
}

function write(machine: Machine, entry: Entry, attribute: string, bytes: Buffer): void {
  if (bytes.length === 0) throw errno('EFAULT');
  if (attribute === 'inblob' && bytes.length > REPORT_DATA_SIZE) throw errno('EFBIG');
  if (machine.lost.has(attribute)) return;
  if (attribute === 'inblob') entry.inblob = bytes;
  else entry.privlevel = privlevelOf(bytes, machine.privlevelFloor);
  entry.generation += 1;
}

type Guest = Pick<ReportOptions, 'product' | 'signer'> & Partial<ReportOptions>;

function leafFor(authority: FakeAmdAuthority, { product, signer, chipId, tcb }: Guest): FakeLeaf {
  const chip = chipId === undefined ? {} : { chip: chipId };
  return authority.leaf({ product, signer, ...chip, ...(tcb === undefined ? {} : { tcb }) });
}

function tableOf(
  certificates: NonNullable<FakeTsmOptions['certificates']>,
  authority: FakeAmdAuthority,
  { product, signer }: Guest,
  leaf: FakeLeaf,
): Buffer {
  if (certificates === 'none') return Buffer.alloc(0);
  if (certificates instanceof Uint8Array) return Buffer.from(certificates);
  const form = (der: Buffer): Buffer =>
    certificates === 'der' ? der : Buffer.from(pem('CERTIFICATE', der));
  return fakeCertificateTable([
    [LEAF_GUIDS[signer], form(leaf.der)],
    [ISSUER_GUID, form(authority.intermediate({ product, signer }))],
  ]);
}

/** Decimal, from the floor to 3. */
function privlevelOf(bytes: Buffer, floor: number): number {
  const text = bytes.toString().trim();
  const level = Number(text);
  if (!/^\d$/.test(text) || level > 3 || level < floor) throw errno('EINVAL');
  return level;
}

function find(
  entries: ReadonlyMap<string, Entry>,
  path: string,
): { entry: Entry; attribute: string } {
  const { name, attribute } = partsOf(path);
  const entry = entries.get(name);
  if (entry === undefined || attribute === null) throw errno('ENOENT');
  return { entry, attribute };
}

function partsOf(path: string): { name: string; attribute: string | null } {
  const below = path.startsWith(`${FAKE_TSM_ROOT}/`) ? path.slice(FAKE_TSM_ROOT.length + 1) : '';
  const [name = '', attribute = null, ...rest] = below.split('/');
  if (name === '' || rest.length > 0) throw errno('ENOENT');
  return { name, attribute };
}

function errno(code: Errno): Error {
  return Object.assign(new Error(code), { code });
}
