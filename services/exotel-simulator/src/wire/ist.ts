const IST_OFFSET_MS = (5 * 60 + 30) * 60_000

const pad = (value: number): string => String(value).padStart(2, '0')

/** Epoch ms → `YYYY-MM-DD HH:mm:ss` in Indian time without a zone, as v1 prints dates. */
export function formatIst(epochMs: number): string {
  const date = new Date(epochMs + IST_OFFSET_MS)
  const day = `${date.getUTCFullYear()}-${pad(date.getUTCMonth() + 1)}-${pad(date.getUTCDate())}`
  return `${day} ${pad(date.getUTCHours())}:${pad(date.getUTCMinutes())}:${pad(date.getUTCSeconds())}`
}

/** Epoch ms → `YYYY-MM-DD HH:mm:ss+05:30`, as v3 prints dates. */
export const formatIstZoned = (epochMs: number): string => `${formatIst(epochMs)}+05:30`

const WEEKDAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat']
const MONTHS = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ')

/** Epoch ms → `Tue, 07 Jan 2025 15:51:06` in Indian time, as applet requests carry `Created`. */
export function formatIstLong(epochMs: number): string {
  const date = new Date(epochMs + IST_OFFSET_MS)
  const time = formatIst(epochMs).slice(11)
  const day = `${WEEKDAYS[date.getUTCDay()] ?? ''}, ${pad(date.getUTCDate())}`
  return `${day} ${MONTHS[date.getUTCMonth()] ?? ''} ${date.getUTCFullYear()} ${time}`
}

/** `YYYY-MM-DD HH:mm:ss` read as Indian time → epoch ms; null when it is no such date. */
export function parseIst(text: string): number | null {
  const match = /^(\d{4})-(\d{2})-(\d{2}) (\d{2}):(\d{2}):(\d{2})$/.exec(text.trim())
  if (!match) return null
  const [year, month, day, hour, minute, second] = match.slice(1).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ]
  const epochMs = Date.UTC(year, month - 1, day, hour, minute, second) - IST_OFFSET_MS
  return formatIst(epochMs) === text.trim() ? epochMs : null
}
