export { weekdays, type CallingHours, type HoursWindow, type Weekday } from './hours.ts'
export { hoursVerdict, type HoursVerdict } from './hours-verdict.ts'
export { zonesOf } from './zones-of.ts'
