import { type FastifyInstance } from 'fastify'
import { maskNumber } from '../wire/phone-number.ts'
import { type ControlDeps } from './control.ts'

/** How many calls the page shows, newest first. */
const SHOWN = 100

const escape = (text: string): string =>
  text.replace(/[&<>"']/g, (char) => `&#${char.codePointAt(0) ?? 0};`)

const row = (cells: readonly (string | null)[]): string =>
  `<tr>${cells.map((cell) => `<td>${escape(cell ?? '–')}</td>`).join('')}</tr>`

function table(caption: string, heads: readonly string[], rows: readonly string[]): string {
  const head = heads.map((name) => `<th scope="col">${name}</th>`).join('')
  const none = `<tr><td colspan="${heads.length}">none yet</td></tr>`
  return `<table><caption>${caption}</caption><thead><tr>${head}</tr></thead>
<tbody>${rows.length > 0 ? rows.join('\n') : none}</tbody></table>`
}

const STYLE = `:root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem}
.note{border:2px solid;padding:.5rem 1rem;font-weight:600}table{border-collapse:collapse;width:100%;margin:1.5rem 0}
caption{text-align:left;font-weight:600;font-size:1.2rem}th,td{text-align:left;padding:.3rem .6rem;border-bottom:1px solid #8888}td{overflow-wrap:anywhere}`

/** The page at `/`: accounts and calls, for people. Numbers are masked. */
export function renderPage({ exchange, state }: Pick<ControlDeps, 'exchange' | 'state'>): string {
  const calls = exchange.list().slice(-SHOWN).toReversed()
  const callRows = calls.map((call) =>
    row([
      ...[new Date(call.createdAtMs).toISOString(), call.sid, call.accountSid, call.mode],
      ...[maskNumber(call.from), maskNumber(call.to), call.status, call.scriptName],
    ]),
  )
  const accountRows = [...state.accounts.values()].map((account) =>
    row([account.sid, account.phones === null ? 'any' : account.phones.map(maskNumber).join(', ')]),
  )
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Exotel simulator — not Exotel</title><style>${STYLE}</style></head>
<body><main><h1>Exotel simulator — not Exotel</h1>
<p class="note">A simulator. No telephone rings and nobody is charged: callers, voices and words are made up.</p>
<p><a href="/">Refresh</a> · <a href="/simulator/scripts">Scripts</a> · <a href="/simulator/faults">Faults</a> · <a href="/simulator/log">Log</a></p>
${table('Calls', ['Placed', 'Sid', 'Account', 'Mode', 'From', 'To', 'Status', 'Script'], callRows)}
${table('Accounts', ['Sid', 'Numbers'], accountRows)}
</main></body></html>
`
}

export function registerPage(app: FastifyInstance, deps: ControlDeps): void {
  app.get('/', (_request, reply) =>
    reply
      .type('text/html; charset=utf-8')
      .header('content-security-policy', "default-src 'none'; style-src 'unsafe-inline'")
      .header('x-content-type-options', 'nosniff')
      .send(renderPage(deps)),
  )
}
