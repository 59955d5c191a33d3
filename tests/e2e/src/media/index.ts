export { prepareCalls, type Calls, type LiveCall, type Way } from './calls.ts'
export { makeScript } from './make-script.ts'
export {
  breakRedis,
  breakTranscriber,
  idleMachine,
  killGateway,
  killIngest,
  takeOver,
  type BreakableRedis,
  type Trial,
  type World,
} from './trials.ts'
