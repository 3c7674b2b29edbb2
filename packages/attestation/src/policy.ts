// What a relying party wants of a report, as JSON: the fields, their forms, and what holds without
// them. A policy comes from the relying party; a field that is not known is refused and not
// ignored.

import { RecordError } from '@track-record/errors';
import { products, signers } from './product.ts';
import { type Firmware, REPORT_VERSIONS } from './report.ts';
import { type Tcb, tcbComponents } from './tcb.ts';

const BYTE_MAX = 0xff;
const U32_MAX = 0xffff_ffff;
const VMPL_MAX = 3;
/** Far more chips than anybody lists, and few enough to search for every report. */
const LIST_LENGTH_MAX = 100_000;

/** As checkReport writes it: a row under any other spelling would never apply. */
const CPU = /^[1-9a-f][0-9a-f]?\/(?:0|[1-9a-f][0-9a-f]?)$/;

type Parse<Value> = (value: unknown, place: string) => Value;

/**
 * Every field with the form it has in JSON and what holds without it. Byte strings are lower-case
 * hex of the size given here. A list that is null says nothing; an empty one accepts nothing.
 */
const FIELDS = {
  minReportVersion: field(integer(REPORT_VERSIONS.min, REPORT_VERSIONS.max), 3),
  allowDebug: field(flag, false),
  allowMigrationAgent: field(flag, false),
  maxVmpl: field(integer(0, VMPL_MAX), 0),
  signers: listOf(oneOf(signers)),
  products: listOf(oneOf(products)),
  chipIds: listOf(hexText(64)),
  cspIds: listOf(text),
  measurements: listOf(hexText(48)),
  reportData: listOf(hexText(64)),
  hostData: listOf(hexText(32)),
  idKeyDigests: listOf(hexText(48)),
  authorKeyDigests: listOf(hexText(48)),
  familyIds: listOf(hexText(16)),
  imageIds: listOf(hexText(16)),
  /** Who may give the enclave its master key, by the digest that its evidence binds. */
  successions: listOf(hexText(32)),
  minGuestSvn: field(integer(0, U32_MAX), 0),
  /** For the reported and the committed TCB: the first is in use, the second is there to stay. */
  minTcb: field(tcb, {}),
  minLaunchTcb: field(tcb, {}),
  /**
   * By `family/model` in hex, as in `19/a0`; there instead of minTcb: microcode differs by model.
   */
  minTcbByCpu: field(tcbByCpu, {}),
  minFirmware: field(firmware, [0, 0, 0]),
  /** Bits that must be set: in PLATFORM_INFO, and in both mitigation vectors of version 5. */
  platformInfo: field(mask, 0n),
  mitigations: field(mask, 0n),
};

type Fields = { readonly [Name in keyof typeof FIELDS]: (typeof FIELDS)[Name]['otherwise'] };

export interface Policy extends Fields {
  /**
   * What null means. `refuse`, wherever something depends on the verdict: measurement and report
   * data must be expected, only chip keys count, and Milan only on chips that are listed. `pass`,
   * to look at a report: what is not listed is not checked.
   */
  readonly silence: 'refuse' | 'pass';
}

/** Refuses with ARGUMENT_INVALID and the name of the field. */
export function parsePolicy(value: unknown, silence: Policy['silence']): Policy {
  const given = recordOf(value, 'policy');
  if (!Object.keys(given).every((name) => Object.hasOwn(FIELDS, name))) throw invalid('policy');
  const fields = Object.entries(FIELDS).map(([name, { parse, otherwise }]) => [
    name,
    given[name] === undefined ? otherwise : parse(given[name], `policy.${name}`),
  ]);
  return { silence, ...(Object.fromEntries(fields) as Fields) };
}

interface Field<Value> {
  readonly parse: Parse<Value>;
  readonly otherwise: Value;
}

function field<Value>(parse: Parse<Value>, otherwise: NoInfer<Value>): Field<Value> {
  return { parse, otherwise };
}

/** A list, or one value in its place. */
function listOf<Value>(parse: Parse<Value>): Field<readonly Value[] | null> {
  const parseList: Parse<readonly Value[]> = (value, place) => {
    const values: readonly unknown[] = Array.isArray(value) ? value : [value];
    if (values.length > LIST_LENGTH_MAX) throw invalid(place);
    return values.map((each, index) => parse(each, `${place}[${index}]`));
  };
  return { parse: parseList, otherwise: null };
}

function flag(value: unknown, place: string): boolean {
  if (typeof value !== 'boolean') throw invalid(place);
  return value;
}

function text(value: unknown, place: string): string {
  if (typeof value !== 'string') throw invalid(place);
  return value;
}

function integer(min: number, max: number): Parse<number> {
  return (value, place) => {
    const isInside = typeof value === 'number' && Number.isInteger(value);
    if (!isInside || value < min || value > max) throw invalid(place);
    return value;
  };
}

/** The whole value: a shorter one is not a prefix and is not padded. */
function hexText(size: number): Parse<string> {
  return (value, place) => {
    const digits = text(value, place).toLowerCase();
    if (digits.length !== 2 * size || !/^[0-9a-f]+$/.test(digits)) throw invalid(place);
    return digits;
  };
}

function oneOf<Name extends string>(names: readonly Name[]): Parse<Name> {
  return (value, place) => {
    const name = names.find((each) => each === value);
    if (name === undefined) throw invalid(place);
    return name;
  };
}

function tcb(value: unknown, place: string): Tcb {
  const parse = integer(0, BYTE_MAX);
  const parts = Object.entries(recordOf(value, place));
  return Object.fromEntries(
    parts.map(([name, each]) => {
      const component = oneOf(tcbComponents)(name, place);
      return [component, parse(each, `${place}.${component}`)];
    }),
  );
}

function tcbByCpu(value: unknown, place: string): Readonly<Record<string, Tcb>> {
  const rows = Object.entries(recordOf(value, place));
  if (rows.some(([cpu]) => !CPU.test(cpu))) throw invalid(place);
  return Object.fromEntries(rows.map(([cpu, each]) => [cpu, tcb(each, place)]));
}

/** `major.minor.build`, for example 1.55.29. */
function firmware(value: unknown, place: string): Firmware {
  const [, major, minor, build] =
    /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text(value, place)) ?? [];
  if (major === undefined || minor === undefined || build === undefined) throw invalid(place);
  return [Number(major), Number(minor), Number(build)];
}

/** A bit mask of 64 bits as 0x and hex: JSON numbers end at 53. */
function mask(value: unknown, place: string): bigint {
  if (!/^0x[0-9a-f]{1,16}$/i.test(text(value, place))) throw invalid(place);
  return BigInt(text(value, place));
}

function recordOf(value: unknown, place: string): Readonly<Record<string, unknown>> {
  const isRecord = typeof value === 'object' && value !== null && !Array.isArray(value);
  if (!isRecord) throw invalid(place);
  return { ...value };
}

function invalid(place: string): RecordError {
  return new RecordError('ARGUMENT_INVALID', { place });
}
