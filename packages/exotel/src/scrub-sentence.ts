import type { ExotelAccount } from './account.ts'

/** Long enough for Exotel's sentences, short enough for a reason shown to a person. */
const maxLength = 200

/**
 * A sentence of Exotel's as it may be stored and shown: without the account's credentials in any
 * encoding, without numbers of four digits and more, without URLs and long tokens, on one line.
 */
export function scrubSentence(sentence: string, account: ExotelAccount): string {
  let text = sentence
  for (const secret of spellings(account)) text = text.replaceAll(secret, '…')
  return text
    .replace(/[\p{Cc}\p{Cf}\s]+/gu, ' ')
    .replace(/<[^<>]*>/g, ' ')
    .replace(/[a-z][a-z0-9+.-]*:\/\/\S+/gi, '…')
    .replace(/\S+@\S+/g, '…')
    .replace(/\b(?:Basic|Bearer)\s+\S+/gi, '…')
    .replace(/[A-Za-z0-9+/=_-]{24,}/g, '…')
    .replace(/\p{Nd}(?:[\s().-]{0,3}\p{Nd}){3,}/gu, '…')
    .replace(/ +/g, ' ')
    .trim()
    .slice(0, maxLength)
}

/** Every form in which a server could echo what we sent it, longest first. */
function spellings(account: ExotelAccount): string[] {
  const key = account.apiKey.reveal()
  const token = account.apiToken.reveal()
  const values = [`${key}:${token}`, key, token]
  const forms = values.flatMap((value) => {
    const bytes = Buffer.from(value)
    return [
      value,
      encodeURIComponent(value),
      JSON.stringify(value).slice(1, -1),
      bytes.toString('base64'),
      bytes.toString('base64').replace(/=+$/, ''),
      bytes.toString('base64url'),
      bytes.toString('hex'),
      bytes.toString('hex').toUpperCase(),
    ]
  })
  return [...new Set(forms)].filter((f) => f.length > 0).sort((a, b) => b.length - a.length)
}
