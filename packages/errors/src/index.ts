export { codes, isCode, type Code, type Consequence, type Retry } from './codes.ts';
export { codeOf, RecordError, type RecordErrorOptions } from './record-error.ts';
