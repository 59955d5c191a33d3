/** Something a document says that can be looked up. */
export type Claim = { kind: 'link' | 'path' | 'script' | 'command'; text: string }

const FOLDERS = 'services|packages|docs|bench|tests|scripts|\\.ci'

/** What a Markdown text claims to exist. A pure function; placeholders and patterns claim nothing. */
export function claimsIn(markdown: string): Claim[] {
  const claims: Claim[] = []
  const say = (kind: Claim['kind'], text: string | undefined) => {
    if (text !== undefined && text !== '' && !/[<>*{}…$]/.test(text)) claims.push({ kind, text })
  }
  for (const [, target] of markdown.matchAll(/\]\((?!https?:|mailto:|#)([^)\s#]+)/g))
    say('link', target)
  for (const [, code = ''] of markdown.matchAll(/`([^`\n]+)`/g)) {
    if (new RegExp(`^(${FOLDERS})/[\\w./<>*{}…-]+$`).test(code))
      say('path', code.replace(/\/$/, ''))
  }
  for (const [, script] of markdown.matchAll(/\bnpm run ([a-z][\w:-]*)/g)) say('script', script)
  // In code, at its beginning: in prose "callwire" is a name.
  for (const [, words = ''] of markdown.matchAll(
    /(?:`|^ *(?:\$ )?)(?:npm run cli --|callwire) +((?:[a-z]+ ?){1,2})(?=[ `\n]|$)/gm,
  )) {
    say('command', words.trim())
  }
  for (const [, path] of markdown.matchAll(
    /\bnode (?:\.\/)?((?:services|packages|scripts)\/[\w./-]+)/g,
  ))
    say('path', path)
  return claims
}
