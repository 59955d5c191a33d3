import { newId } from '@callwire/contracts'
import { describe, expect, it } from 'vitest'
import { ApiError } from './api-error.ts'
import { decodeCursor, encodeCursor, pageOf } from './cursor.ts'

const id = newId('call', { nowMs: 1_700_000_000_000, random: new Uint8Array(9) })

describe('cursor', () => {
  it('comes back as it went', () => {
    expect(decodeCursor('call', encodeCursor(id))).toBe(id)
  })

  it.each([
    ['of another list', encodeCursor(id.replace('cal_', 'phn_'))],
    ['no base64', '%%%'],
    ['padded', `${encodeCursor(id)}=`],
    ['longer', `${encodeCursor(id)}AA`],
    ['an id in clear', id],
    ['with a quote', encodeCursor("x' or 1=1")],
  ])('refuses one that is %s', (_what, cursor) => {
    expect(() => decodeCursor('call', cursor)).toThrow(ApiError)
  })
})

describe('pageOf', () => {
  const rows = ['c', 'b', 'a'].map((name) => ({ id: name }))

  it('has no next page when all fit', () => {
    expect(pageOf(rows, 3)).toEqual({ rows, nextCursor: null })
  })

  it('cuts and points behind the last one shown', () => {
    expect(pageOf(rows, 2)).toEqual({ rows: rows.slice(0, 2), nextCursor: encodeCursor('b') })
  })
})
