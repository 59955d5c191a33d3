import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createSeats, hasSeatLeft, type Seats } from './relay-seats.ts'

/** As the dialer has them. */
const most = { all: 200, alone: 150 }

/** As many seats as a tenant gets that wants all of them. */
const takeAll = (seats: Seats, tenantId: string) => {
  let taken = 0
  while (seats.take(tenantId)) taken += 1
  return taken
}

describe('a seat', () => {
  test.each([
    ['the first', 0, 0, true],
    ['the last one of all, as a first', 0, 199, true],
    ['when none is free', 0, 200, false],
    ['the 150th of who is alone', 149, 0, true],
    ['the 151st of who is alone', 150, 0, false],
    ['the 100th beside nobody', 99, 0, true],
    ['the 100th beside one', 99, 1, false],
    ['the 25th beside 150', 24, 150, true],
    ['the 26th beside 150', 25, 150, false],
    ['the second of the last two', 1, 198, false],
  ])('%s: with %i of mine and %i of others', (_, mine, others, expected) => {
    expect(hasSeatLeft({ mine, others }, most)).toBe(expected)
  })

  test('that is left can be taken again', () => {
    const seats = createSeats({ all: 3, alone: 1 })
    expect([seats.take('a'), seats.take('a')]).toEqual([true, false])
    seats.leave('a')
    expect(seats.take('a')).toBe(true)
    expect([seats.take('b'), seats.take('c')]).toEqual([true, true])
    expect(seats.isFull()).toBe(true)
    expect(seats.take('d')).toBe(false)
    seats.leave('b')
    expect(seats.isFull()).toBe(false)
    expect(seats.take('d')).toBe(true)
  })
})

describe('however tenants come', () => {
  test('one alone has most of the seats', () => {
    expect(takeAll(createSeats(most), 'a')).toBe(150)
  })

  test('several that give none back leave room, and each newcomer finds half of it', () => {
    const seats = createSeats(most)
    const got = Array.from({ length: 7 }, (_, n) => takeAll(seats, `slow${n}`))
    expect(got).toEqual([150, 25, 12, 6, 3, 2, 1])
    expect(seats.take('newcomer')).toBe(true)
  })

  type Move = { who: string; take: boolean; times: number }
  const tenants = ['a', 'b', 'c', 'd', 'e', 'f', 'g']
  const moves: fc.Arbitrary<Move[]> = fc.array(
    fc.record({
      who: fc.constantFrom(...tenants),
      take: fc.boolean(),
      times: fc.integer({ min: 1, max: 60 }),
    }),
    { maxLength: 60 },
  )
  /** Seats, and who holds how many of them. */
  const arrange = () => {
    const seats = createSeats(most)
    const held = new Map<string, number>()
    const play = ({ who, take, times }: Move) => {
      for (let n = 0; n < times; n += 1) {
        const mine = held.get(who) ?? 0
        if (take && seats.take(who)) held.set(who, mine + 1)
        if (take || mine === 0) continue
        seats.leave(who)
        held.set(who, mine - 1)
      }
    }
    return { seats, held, play }
  }

  test('there is a seat for one more than seven, and never more seats than there are', () => {
    fc.assert(
      fc.property(moves, (steps) => {
        const { seats, held, play } = arrange()
        for (const step of steps) {
          play(step)
          const all = [...held.values()].reduce((sum, n) => sum + n, 0)
          expect(all).toBeLessThan(most.all)
          expect(seats.isFull()).toBe(false)
          expect(seats.mayTake('newcomer')).toBe(true)
        }
      }),
    )
  })

  test('those that want all have the same, within two, once every call has ended', () => {
    fc.assert(
      fc.property(moves, fc.integer({ min: 2, max: 7 }), (steps, count) => {
        const { held, play } = arrange()
        for (const step of steps) play(step)
        const hungry = tenants.slice(0, count)
        for (const who of tenants.slice(count)) play({ who, take: false, times: most.all })
        const takeTurns = (rounds = 2) => {
          for (let n = 0; n < rounds; n += 1) {
            for (const who of hungry) play({ who, take: true, times: 1 })
          }
        }
        takeTurns(most.all)
        for (let n = 0; n < most.all; n += 1) {
          for (const who of hungry) {
            play({ who, take: false, times: 1 })
            takeTurns()
          }
        }
        const shares = hungry.map((who) => held.get(who) ?? 0)
        expect(Math.max(...shares) - Math.min(...shares)).toBeLessThanOrEqual(2)
        expect(Math.min(...shares)).toBeGreaterThanOrEqual(Math.floor(most.all / (count + 1)) - 1)
      }),
    )
  })
})
