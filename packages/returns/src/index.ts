export { computeHours, type HoursOptions, type HoursReport } from './hours.ts';
export type { Hour, HourFlag, HourReason, HourStatus } from './hour.ts';
export { policyFor, type HoursPolicy } from './policy.ts';
export { formatHoursReport, HOURS_FORMAT, RETURN_METHOD } from './report.ts';
