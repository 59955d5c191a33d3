/** Something the person at the terminal can put right; the message says how. */
export class CliFailure extends Error {
  override readonly name = 'CliFailure'
}
