import type { CommandPart } from './encode-command.ts'

/** Somebody who waits for what comes after an id in a stream, at most `count` entries of it. */
export type Wish = {
  key: string
  afterId: string
  count: number
  /** Redis refused a command that asked for this wish and others: it is asked for alone. */
  isAlone?: boolean
}

/** An entry as XREAD gives it: its id, and its flat field list. */
export type RawEntry = [id: Buffer, fields: Buffer[]]

/** What one XREAD asks for, by key. */
export type ReadGroup<W extends Wish> = { count: number; wishes: Map<string, W> }

/** Neither Redis nor we are held up by a command of so many keys; more go into another. */
export const KEYS_PER_COMMAND = 128
/**
 * Of all that is answered at once: 3 MiB of telephone audio, far more than is heard between two
 * questions. While calls are caught up with, each of hundreds of streams gives a few entries, and
 * few streams give as many as their readers take.
 */
export const ENTRIES_AT_ONCE = 2_048

/** One COUNT holds for a whole command, and no key comes twice in it: each wish has one place. */
export function groupReads<W extends Wish>(waiting: Iterable<W>): ReadGroup<W>[] {
  const shared: ReadGroup<W>[] = []
  const alone: ReadGroup<W>[] = []
  for (const wish of waiting) {
    const { key, count, isAlone = false } = wish
    const fits = (group: ReadGroup<W>) =>
      group.count === count && group.wishes.size < KEYS_PER_COMMAND && !group.wishes.has(key)
    const group = isAlone ? undefined : shared.find(fits)
    if (group !== undefined) group.wishes.set(key, wish)
    else (isAlone ? alone : shared).push({ count, wishes: new Map([[key, wish]]) })
  }
  return [...shared, ...alone]
}

/**
 * A stream that is not there is one without news.
 *
 * @param asked - how many wishes go together, in this command and others
 */
export function commandOf<W extends Wish>(
  { count, wishes }: ReadGroup<W>,
  asked: number,
): [string, ...CommandPart[]] {
  const most = Math.max(1, Math.min(count, Math.floor(ENTRIES_AT_ONCE / asked)))
  const ids = Array.from(wishes.values(), ({ afterId }) => afterId)
  return ['XREAD', 'COUNT', String(most), 'STREAMS', ...wishes.keys(), ...ids]
}

/** XREAD's reply, [[key, [[id, [field, value, …]], …]], …] or null when nothing came, by key. */
export function newsOf(reply: unknown): Map<string, RawEntry[]> {
  const streams = (reply ?? []) as [Buffer, RawEntry[]][]
  return new Map(streams.map(([key, entries]) => [key.toString(), entries]))
}

/** Whom a reply answers, and how: those with news, and those without whose time is over. */
export function answersTo<W extends Wish & { untilMs: number }>(
  group: ReadGroup<W>,
  reply: unknown,
  nowMs: number,
): { wish: W; entries: RawEntry[] }[] {
  const news = newsOf(reply)
  const answers: { wish: W; entries: RawEntry[] }[] = []
  for (const [key, wish] of group.wishes) {
    const entries = news.get(key) ?? []
    if (entries.length > 0 || wish.untilMs <= nowMs) answers.push({ wish, entries })
  }
  return answers
}
