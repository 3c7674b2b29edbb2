export { codes, isCode, type Code, type Consequence } from './codes.ts';
export { codeOf, RecordError } from './record-error.ts';
