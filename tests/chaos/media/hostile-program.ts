// A program of its own, so that its work is not the judge's: opens hostile sockets at an even pace, each from one of many
// addresses, and prints how each kind ended. Its parameters come as one line of JSON on standard input.
import { setTimeout as sleep } from 'node:timers/promises'
import { attacks, type Target } from './hostile-kinds.ts'
import { closeCodeIn, connectBare, statusIn } from './hostile-wire.ts'

type Order = { target: Target; sockets: number; seconds: number; patienceMs: number }

/** 127.1.x.y: every address of 127.0.0.0/8 is this machine's own. */
const ADDRESSES = 200
/** A close frame was sent, and the connection may stay until its sender has waited for ours. */
const CLOSE_SEEN_EVERY_MS = 250

const order = JSON.parse(await readAll()) as Order
const kinds = Object.entries(attacks)
/** `<kind>: <how it ended>`, and how often. */
const endings = new Map<string, number>()
let open = 0
let stillOpen = 0

const tell = (ending: string) => endings.set(ending, (endings.get(ending) ?? 0) + 1)

async function attackOnce(n: number): Promise<void> {
  const [kind, attack] = kinds[n % kinds.length] ?? ['', null]
  if (attack === null) return
  const address = `127.1.${Math.floor((n % ADDRESSES) / 100)}.${1 + (n % 100)}`
  const bare = await connectBare(order.target, address).catch(() => null)
  if (bare === null) {
    tell(`${kind}: no connection`)
    return
  }
  open += 1
  const late = setTimeout(() => {
    stillOpen += 1
    bare.socket.destroy()
  }, order.patienceMs)
  // Whoever was told to go has lost its fight; that it does not answer is the listener's to bear, not ours to wait for.
  const watch = setInterval(() => {
    if (closeCodeIn(bare.received()) > 0) bare.socket.destroy()
  }, CLOSE_SEEN_EVERY_MS)
  await attack(bare, order.target)
  clearTimeout(late)
  clearInterval(watch)
  open -= 1
  const code = closeCodeIn(bare.received())
  const status = statusIn(bare.received())
  tell(`${kind}: ${code > 0 ? code : status > 0 && status !== 101 ? `HTTP ${status}` : 'cut'}`)
  bare.socket.destroy()
}

const all: Promise<void>[] = []
let most = 0
const startedAt = performance.now()
for (let n = 0; n < order.sockets; n += 1) {
  const dueAt = startedAt + (n / order.sockets) * order.seconds * 1_000
  await sleep(Math.max(0, dueAt - performance.now()))
  all.push(attackOnce(n))
  most = Math.max(most, open)
}
await Promise.all(all)
process.stdout.write(
  JSON.stringify({ opened: all.length, most, stillOpen, endings: Object.fromEntries(endings) }),
)

async function readAll(): Promise<string> {
  let text = ''
  for await (const chunk of process.stdin.setEncoding('utf8')) text += String(chunk)
  return text
}
