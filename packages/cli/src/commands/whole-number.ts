import { InvalidArgumentError } from 'commander'

/** @throws InvalidArgumentError, which is wrong usage */
export function wholeNumber(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError('It must be a whole number.')
  return Number(text)
}
