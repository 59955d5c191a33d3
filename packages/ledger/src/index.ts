export {
  answerParkedCall,
  isParked,
  type ParkedAnswer,
  type ParkedVerdict,
} from './answer-parked-call.ts'
export { commitOf, genesisHash, nextHash, type CommittedContent } from './chain.ts'
export { verifyChain, type ChainCheck } from './verify-chain.ts'
export { changeStatus, loadCall, type CallRow, type StatusChange } from './change-status.ts'
export { claimSid } from './claim-sid.ts'
export { eventOf } from './event-row.ts'
export { type NewFact } from './fact.ts'
export { createLedger, MAX_READ, type Ledger } from './ledger.ts'
export { LedgerError, type LedgerErrorCode } from './ledger-error.ts'
export { NEEDS_REVIEW, NOT_PLACED, type Exception } from './move.ts'
export { NO_MEDIA_WAIT_MS } from './receipt.ts'
export { takeBackAnswer } from './take-back-answer.ts'
export { transcriptOf } from './transcript.ts'
export { type Head, type LedgerWork, type MadeEvent } from './work.ts'
export { writeReceiptIfDone } from './write-receipt.ts'
