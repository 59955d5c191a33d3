import { setTimeout as sleep } from 'node:timers/promises'
import { killService, type Constellation } from '../constellation.ts'
import type { Calls, LiveCall, Way } from './calls.ts'
import type { Range, Told } from './check.ts'

/** A system with calls to be made, its Redis where that may be broken, and what to expect of the machine. */
export type World = {
  system: Constellation
  calls: Calls
  redis: BreakableRedis
  machine: Machine
}

/** How late the machine under a system may be. All in ms. */
export type Machine = {
  /** Audio on its way through a process that dies, and the word that it was a part of. */
  onItsWayMs: number
  /** What wall time may be off by: a socket that took over is placed by its arrival, and so is a call's end. */
  byWallTimeMs: number
  /** How long Redis is away at no cost: what ingest has to keep for, without what its start takes. */
  awayMs: number
}

export type BreakableRedis = {
  kill(): Promise<void>
  /** On what it left on disk. */
  restart(): Promise<void>
  flush(): Promise<void>
}

/** What became of the calls that were live during a fault. */
export type Trial = { live: readonly LiveCall[]; problems: readonly string[] }

type Terms = Pick<Told, 'mayMiss' | 'exactToMs' | 'toleranceMs' | 'gapEdgeMs'>

/** A block whose way into Redis was cut, and a frame: ingest cannot know whether it arrived. */
const BLOCK_MS = 120
/** What ingest has to keep for: so long without Redis costs no word. */
const BEARABLE_MS = 10_000
/** One that does nothing else: the promises hold to the letter. */
export const idleMachine: Machine = {
  ...{ onItsWayMs: 1_000, byWallTimeMs: 500, awayMs: BEARABLE_MS },
}
/** One that runs other tests, or stalls for seconds. */
export const busyMachine: Machine = {
  ...{ onItsWayMs: 4_000, byWallTimeMs: 3_000, awayMs: BEARABLE_MS - 4_000 },
}
const TOO_LONG_MS = 17_000
/** From Redis's return until ingest and transcriber are back at work. */
const BACK_AT_WORK_MS = 8_000
/** From an ingest's death until another listens and who lost a socket has tried again. */
const COMES_BACK_AFTER_MS = 500

/** Nothing is to be missing. */
export const nothing: Terms = { mayMiss: null }
/** The stream of a call broke off here, and nobody came back. */
export const restFrom = (atMs: number, { onItsWayMs, byWallTimeMs }: Machine): Terms => ({
  mayMiss: { fromMs: atMs - onItsWayMs, toMs: Infinity },
  ...{ exactToMs: atMs, toleranceMs: byWallTimeMs },
})
const around = (fromMs: number, toMs: number, { onItsWayMs }: Machine): Range => ({
  fromMs: fromMs - onItsWayMs,
  toMs: toMs + onItsWayMs,
})

/** Killed in the middle of a word, and later asked to end in the middle of another: no word is lost. Four turns. */
export async function breakTranscriber({ system, calls }: World, ways: Way[]): Promise<Trial> {
  const live = await calls.place(ways)
  await calls.speakingTurn(live, 1)
  killService(system, 'transcriber')
  await calls.speakingTurn(live, 3)
  killService(system, 'transcriber', 'SIGTERM')
  return { live, problems: await calls.problems(live, () => nothing) }
}

/**
 * Killed in the middle of a word. What nobody heard is a gap: where the stream comes back (calls that go to
 * ingest directly), up to then, and where it does not, to the end.
 */
export async function killIngest({ system, calls, machine }: World, ways: Way[]): Promise<Trial> {
  const back = ways.filter((way) => way === 'direct')
  const comesBack = { times: back.length, afterMs: COMES_BACK_AFTER_MS }
  if (back.length > 0) await system.simulator.fault('comes_back', comesBack)
  const live = await calls.place(back)
  live.push(...(await calls.place(ways.filter((way) => way !== 'direct'))))
  const spokenMs = await calls.speakingTurn(live, 2)
  killService(system, 'ingest')
  const problems: string[] = []
  for (const call of live) {
    const atMs = spokenMs.get(call.callId) ?? 0
    await calls.told(call)
    const { sockets, refusals } = await calls.spoken(call)
    const resumedMs = (sockets[1]?.firstFrame ?? 0) * 20
    if (call.way === 'direct' && sockets.length !== 2) {
      const why = refusals.join(', ')
      problems.push(`direct ${call.callId}: it had ${sockets.length} sockets (refused: ${why})`)
    }
    const terms =
      call.way === 'direct'
        ? {
            mayMiss: around(atMs, resumedMs, machine),
            ...{ exactToMs: atMs, toleranceMs: machine.byWallTimeMs },
          }
        : restFrom(atMs, machine)
    problems.push(...(await calls.problems([call], () => terms)))
  }
  return { live, problems }
}

/** A second socket while the first is alive: that one closes as replaced, and every word is told. */
export async function takeOver({ system, calls, machine }: World, n: number): Promise<Trial> {
  const live = await calls.place(Array.from({ length: n }, (): Way => 'direct'))
  const spokenMs = await calls.speakingTurn(live, 1)
  for (const { callSid } of live) {
    await system.simulator.ask('POST', `/simulator/calls/${callSid}/stream`)
  }
  const problems = await calls.problems(live, ({ callId }) => {
    const atMs = spokenMs.get(callId) ?? 0
    return {
      mayMiss: around(atMs, atMs, machine),
      ...{ exactToMs: atMs, toleranceMs: machine.byWallTimeMs },
    }
  })
  for (const call of live) {
    const codes = (await calls.spoken(call)).sockets.map(({ closeCode }) => closeCode)
    if (codes.join() !== '1012,1000') {
      problems.push(`${call.callId}: its sockets closed with ${codes.join(' and ')}`)
    }
  }
  return { live, problems }
}

/** Killed in the middle of a word: what came through it is a gap from there on, what did not is whole. */
export async function killGateway({ system, calls, machine }: World, ways: Way[]): Promise<Trial> {
  const live = await calls.place(ways)
  const spokenMs = await calls.speakingTurn(live, 2)
  killService(system, 'gateway')
  const problems = await calls.problems(live, ({ callId, way }) =>
    way === 'direct' ? nothing : restFrom(spokenMs.get(callId) ?? 0, machine),
  )
  return { live, problems }
}

/** Killed and started on its file, then emptied, then away for as long as can be borne: no word is lost. Ten turns. */
export async function breakRedis({ calls, redis, machine }: World, ways: Way[]): Promise<Trial> {
  const live = await calls.place(ways)
  await calls.speakingTurn(live, 1)
  await redis.kill()
  await redis.restart()
  await calls.speakingTurn(live, 3)
  await redis.flush()
  await calls.speakingTurn(live, 5)
  await redis.kill()
  await sleep(machine.awayMs)
  await redis.restart()
  return { live, problems: await calls.problems(live, () => nothing) }
}

/** Away for longer than ingest keeps audio: what it could not keep is a gap. Ten turns. */
export async function loseRedis({ calls, redis, machine }: World, ways: Way[]): Promise<Trial> {
  const live = await calls.place(ways)
  const wentMs = await calls.speakingTurn(live, 1)
  await redis.kill()
  await sleep(TOO_LONG_MS)
  await redis.restart()
  const cameMs = await calls.speaking(live, 0)
  const problems = await calls.problems(live, ({ callId }) => ({
    mayMiss: {
      fromMs: (wentMs.get(callId) ?? 0) - machine.onItsWayMs,
      toMs: (cameMs.get(callId) ?? 0) - BEARABLE_MS + BACK_AT_WORK_MS,
    },
    gapEdgeMs: BLOCK_MS,
  }))
  return { live, problems }
}
