import { CryptoError } from '../errors.ts'

/** What a piece of work gave, or the whole of what its error says. */
export function outcomeOf(work: () => unknown): unknown {
  try {
    return { result: work() }
  } catch (error) {
    if (!(error instanceof CryptoError)) throw error
    const { code, message, cause } = error
    return { code, message, cause, others: Object.keys(error).sort() }
  }
}

/** The one outcome of everything that does not open. */
export const UNSEAL_FAILED = {
  code: 'unseal_failed',
  message: 'The sealed value could not be opened',
  cause: undefined,
  others: ['code', 'name'],
}
