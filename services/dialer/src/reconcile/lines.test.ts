import { expect, test } from 'vitest'
import { createLines, mostSeats, type Seat } from './lines.ts'

const asked = (key: string, host = 'h') => ({ key, host })
const jobs = (key: string, count: number) =>
  Array.from({ length: count }, (_, n) => ({ tenantId: 'ten', callId: `${key}${n}` }))

function arrange(o: { doubtful?: string[] } = {}) {
  const doubtful = new Set(o.doubtful)
  const lines = createLines(({ key }) => doubtful.has(key))
  const line = (key: string, count: number) =>
    jobs(key, count).map((job) => lines.add(asked(key), job))
  const seats = () => {
    const given: Seat[] = []
    for (let seat = lines.seat(); seat !== null; seat = lines.seat()) {
      lines.next(seat)
      given.push(seat)
    }
    return given
  }
  return { lines, line, seats, doubtful }
}

const keysOf = (seats: Seat[]) => seats.map((seat) => seat.asked.key)

test('an account is asked two things at a time, one where it did not answer lately', () => {
  const { line, seats } = arrange({ doubtful: ['c'] })
  for (const key of ['a', 'b', 'c']) line(key, 9)
  expect(keysOf(seats()).toSorted()).toEqual(['a', 'a', 'b', 'b', 'c'])
})

test('whoever does not answer leaves half of the seats to the others', () => {
  const silent = Array.from({ length: 99 }, (_, n) => `silent${n}`)
  const { line, seats } = arrange({ doubtful: silent })
  for (const key of silent) line(key, 9)
  expect(seats()).toHaveLength(mostSeats / 2)
  line('well', 9)
  expect(keysOf(seats())).toEqual(['well', 'well'])
})

test('accounts take turns', () => {
  const { lines, line, seats } = arrange()
  const many = Array.from({ length: mostSeats }, (_, n) => `many${n}`)
  for (const key of many) line(key, 9)
  const given = seats()
  expect(given).toHaveLength(mostSeats)
  line('late', 1)
  const [first] = given
  if (first === undefined) throw new Error('no seat')
  expect(lines.othersWait(first)).toBe(true)
  // All others have a seat each before anybody has two.
  expect(new Set(keysOf(given)).size).toBe(mostSeats)
  lines.leave(first)
  expect(keysOf(seats())).toEqual(['late'])
})

test('a call waits once it is in a line, until its turn or until the line is given up', () => {
  const { lines, line } = arrange()
  expect(line('a', 101)).toEqual([...Array.from({ length: 100 }, () => true), false])
  expect([lines.isWaiting('a0'), lines.isWaiting('a100')]).toEqual([true, false])
  const seat = lines.seat()
  if (seat === null) throw new Error('no seat')
  expect(lines.next(seat)).toMatchObject({ callId: 'a0' })
  expect(lines.isWaiting('a0')).toBe(false)
  expect(lines.drop(asked('a'))).toHaveLength(99)
  expect(lines.isWaiting('a1')).toBe(false)
  expect(lines.next(seat)).toBeNull()
  lines.leave(seat)
  expect(lines.seat()).toBeNull()
})
