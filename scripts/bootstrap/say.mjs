/** A failure that a person can do something about: its message is shown alone, without a stack. */
export class Plain extends Error {}

/** One line on standard error, which keeps standard output for the command's own results. */
export function say(line) {
  process.stderr.write(`callwire: ${line}\n`)
}
