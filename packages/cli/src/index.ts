export { createProgram } from './program.ts'
export { createCallView, type CallView } from './call-view/call-view.ts'
export { finalLine, latencyMs, receiptText } from './call-view/format.ts'
