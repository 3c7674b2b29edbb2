export { testCallers, type TestCallers } from './callers.ts';
