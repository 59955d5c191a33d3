/** Beside the figures: a person waits for minutes, and a program reads standard output. */
export function say(text: string): void {
  process.stderr.write(`${text}\n`)
}
