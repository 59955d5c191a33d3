import { manualClock } from '@callwire/testkit'
import { describe, expect, it } from 'vitest'
import { createTurns, type Taken, type Turns } from './turns.ts'

const waitMs = 2_000

function arrange() {
  const clock = manualClock()
  const turns = createTurns({ clock, waitMs })
  const came: string[] = []
  const take = async (who: string, ...names: string[]): Promise<Taken> => {
    const turn = await turns.take(names)
    came.push(who)
    return turn
  }
  return { clock, turns, came, take }
}

/** A turn that came at once. */
async function held(turns: Turns, ...names: string[]): Promise<() => void> {
  const turn = await turns.take(names)
  if (turn.kind === 'late') throw new Error(`${turn.name} did not come`)
  return () => turn.done()
}

describe('turns', () => {
  it('come at once for whoever shares no name, and one after the other for who does', async () => {
    const { clock, turns, came, take } = arrange()
    const done = await held(turns, 'a')
    const waiting = [take('second', 'a'), take('third', 'a'), take('other', 'b')]
    await clock.advance(0)
    expect(came).toEqual(['other'])
    done()
    await clock.advance(0)
    expect(came).toEqual(['other', 'second'])
    const second = await waiting[0]
    if (second?.kind === 'taken') second.done()
    await clock.advance(0)
    expect(came).toEqual(['other', 'second', 'third'])
    expect(clock.sleepers()).toBe(0)
  })

  it('that do not come in time are named, and let no one past who holds them', async () => {
    const { clock, turns, came, take } = arrange()
    const done = await held(turns, 'person')
    const late = take('late', 'key', 'person')
    await clock.advance(waitMs - 1)
    const next = take('next', 'person')
    expect(came).toEqual([])
    await clock.advance(1)
    expect(await late).toEqual({ kind: 'late', name: 'person' })
    expect(came).toEqual(['late'])
    done()
    expect(await next).toMatchObject({ kind: 'taken' })
    // Whoever was late holds none of the names.
    await held(turns, 'key')
  })

  it('come at once again when nobody is left', async () => {
    const { clock, turns } = arrange()
    for (let times = 0; times < 3; times += 1) {
      const done = await held(turns, 'a', 'b')
      done()
      await clock.advance(0)
    }
    expect(clock.sleepers()).toBe(0)
  })
})
