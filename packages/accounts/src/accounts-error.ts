import { AppError } from '@callwire/runtime'

export type AccountsErrorCode = 'email_taken' | 'invalid_email' | 'invalid_name' | 'busy'

const sentences: Readonly<Record<AccountsErrorCode, string>> = {
  email_taken: 'This e-mail address belongs to somebody already',
  invalid_email: 'That is not an e-mail address',
  invalid_name: 'A name has 1 to 200 characters',
  busy: 'Too many passwords are being checked at this moment',
}

/** A fault of accounts; only `busy` is worth another try. */
export class AccountsError extends AppError {
  declare readonly code: AccountsErrorCode

  constructor(code: AccountsErrorCode) {
    super({ code, message: sentences[code], retryable: code === 'busy', level: 'warn' })
  }
}
