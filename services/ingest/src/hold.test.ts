import { describe, expect, test } from 'vitest'
import { createHold, type Held } from './hold.ts'

const media = (bytes: number): Held => ({
  message: { kind: 'media', payload: Buffer.alloc(bytes) },
  arrivedAtMs: 0,
})

function reader() {
  const calls: string[] = []
  return { calls, pause: () => calls.push('pause'), resume: () => calls.push('resume') }
}

describe('createHold', () => {
  test('keeps the first 64 messages before a start, in order', () => {
    const hold = createHold(reader())
    const kept = Array.from({ length: 70 }, (_, i) => hold.early({ ...media(2), arrivedAtMs: i }))
    expect(kept.filter(Boolean)).toHaveLength(64)
    expect(hold.take().map((item) => item.arrivedAtMs)).toEqual([...Array(64).keys()])
  })

  test('keeps no more than a mebibyte before a start, and reads on', () => {
    const socket = reader()
    const hold = createHold(socket)
    const kept = Array.from({ length: 8 }, () => hold.early(media(190 * 1024)))
    expect(kept.filter(Boolean)).toHaveLength(5)
    expect(hold.early(media(320))).toBe(true)
    expect(socket.calls).toEqual([])
    expect(hold.hasAudio()).toBe(true)
    // Once `start` has come, the peer's own buffers have to do.
    hold.keep(media(190 * 1024))
    expect(socket.calls).toEqual(['pause'])
    expect(hold.take()).toHaveLength(7)
    expect(hold.hasAudio()).toBe(false)
  })

  test('stops reading beyond a mebibyte and reads again when it is taken', () => {
    const socket = reader()
    const hold = createHold(socket)
    for (let i = 0; i < 5; i += 1) hold.keep(media(256 * 1024))
    expect(socket.calls).toEqual(['pause'])
    expect(hold.take()).toHaveLength(5)
    expect(socket.calls).toEqual(['pause', 'resume'])
    expect(hold.take()).toEqual([])
  })
})
