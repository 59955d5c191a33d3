import { AppError } from '@callwire/runtime'

export type LedgerErrorCode = 'no_such_call' | 'invalid_fact' | 'stale_call'

const sentences: Readonly<Record<LedgerErrorCode, string>> = {
  no_such_call: 'The ledger has no such call',
  invalid_fact: 'The fact does not have the shape of its type',
  stale_call: 'The call was read before its head was locked, and has changed since',
}

/** A fault of the ledger. `no_such_call` is also what another tenant's call looks like. */
export class LedgerError extends AppError {
  declare readonly code: LedgerErrorCode

  constructor(code: LedgerErrorCode) {
    super({ code, message: sentences[code] })
  }
}
