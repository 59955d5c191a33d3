// Makes the load, in a process of its own: media sockets by the hundred, frames in real time.
import { setTimeout as sleep } from 'node:timers/promises'
import type { Answer, Command } from './commands.ts'
import { drive, type Notes } from './drive.ts'
import { openMediaClient, type MediaClient } from './media-client.ts'

const CLOSES_WITHIN_MS = 10_000
const OPEN_TRIES = 3
const OPEN_AGAIN_MS = 1_000

type Side = { clients: MediaClient[]; notes: Notes }

const sides = new Map<string, Side>()

process.on('message', (command: Command) => {
  void answer(command).then((said) => process.send?.(said))
})
process.on('disconnect', () => process.exit(0))

async function answer(command: Command): Promise<Answer> {
  try {
    const side = sideOf(command.side)
    switch (command.do) {
      case 'open':
        await open(side, command)
        return { kind: 'done' }
      case 'drive':
        return { kind: 'driven', drive: await drive(side.clients, side.notes, command) }
      case 'close':
        await close(side, command.count)
        return { kind: 'done' }
    }
  } catch (error) {
    return { kind: 'failed', error: String(error) }
  }
}

function sideOf(name: string): Side {
  const side = sides.get(name) ?? { clients: [], notes: { lags: [], closed: [] } }
  sides.set(name, side)
  return side
}

async function open(side: Side, o: Extract<Command, { do: 'open' }>): Promise<void> {
  const opening: Promise<MediaClient>[] = []
  for (const target of o.targets) {
    opening.push(
      openAtLast(target, {
        from: `0${9_800_000_000 + side.clients.length + opening.length}`,
        onPong: (ms) => side.notes.lags.push(ms),
        onClosed: (code) => side.notes.closed.push(String(code)),
      }),
    )
    await sleep(1_000 / o.perSecond)
  }
  side.clients.push(...(await Promise.all(opening)))
}

/** A handshake that fails is tried again, as Exotel does. */
async function openAtLast(...o: Parameters<typeof openMediaClient>): Promise<MediaClient> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await openMediaClient(...o)
    } catch (error) {
      if (tries >= OPEN_TRIES) throw error
      await sleep(OPEN_AGAIN_MS)
    }
  }
}

async function close(side: Side, count: number): Promise<void> {
  const leaving = side.clients.splice(side.clients.length - count)
  await Promise.race([
    Promise.all(leaving.map((client) => client.stop())),
    sleep(CLOSES_WITHIN_MS, undefined, { ref: false }),
  ])
  for (const client of leaving) client.destroy()
}
