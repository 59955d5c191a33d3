export { createProgram } from './program.ts'
export { printCall, type Ending } from './call-view/print-call.ts'
export { createTerminal, type Terminal } from './call-view/terminal.ts'
