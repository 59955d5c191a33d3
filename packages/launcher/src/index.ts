export type { RunFile } from './run-file.ts'
export { metricsOrder } from './services.ts'
