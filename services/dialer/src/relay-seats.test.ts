import { expect, test } from 'vitest'
import { createSeats } from './relay-seats.ts'

const takenOf = (take: () => boolean) => {
  let taken = 0
  while (taken < 100 && take()) taken += 1
  return taken
}

test('one tenant gets its share and no more; the rest is for others', () => {
  const seats = createSeats({ all: 8, ofOneTenant: 6 })
  expect(takenOf(() => seats.take('a'))).toBe(6)
  expect(seats.mayTake('a')).toBe(false)
  expect(seats.isFull()).toBe(false)
  expect(takenOf(() => seats.take('b'))).toBe(2)
  expect(seats.isFull()).toBe(true)
  expect(seats.take('c')).toBe(false)
})

test('a seat that is left can be taken again', () => {
  const seats = createSeats({ all: 2, ofOneTenant: 1 })
  expect(seats.take('a')).toBe(true)
  expect(seats.take('a')).toBe(false)
  seats.leave('a')
  expect(seats.take('a')).toBe(true)
  expect(seats.take('b')).toBe(true)
  seats.leave('b')
  expect(seats.isFull()).toBe(false)
  expect(seats.take('b')).toBe(true)
})
