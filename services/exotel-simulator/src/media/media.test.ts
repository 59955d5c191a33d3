import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { FaultSchema } from '../state/fault.ts'
import { framesDue, waitForNext } from './frame-schedule.ts'
import { alterFrame, type FrameFault, outgoingFrames } from './outgoing-frames.ts'
import { streamTarget } from './open-socket.ts'

describe('the schedule', () => {
  it('sends each frame when its 20 ms are over', () => {
    expect([0, 19.9, 20, 39, 40, 1000].map(framesDue)).toEqual([0, 0, 1, 1, 2, 50])
  })
  it('never drifts: waiting as told, then looking again, sends one frame', () => {
    fc.assert(
      fc.property(
        fc.nat(100_000),
        fc.double({ min: 0, max: 20, noNaN: true, maxExcluded: true }),
        (sent, late) => {
          const elapsed = sent * 20 + late
          expect(framesDue(elapsed + waitForNext(elapsed, sent) + 1e-6)).toBe(sent + 1)
        },
      ),
    )
  })
})

describe('damaged frames', () => {
  const frameAt = (index: number) => Buffer.alloc(320, index)
  const play = (kind: string, renumber: boolean) => {
    const fault = FaultSchema.parse({ kind, index: 2, renumber }) as FrameFault
    return [0, 1, 2, 3, 4, 5]
      .flatMap((index) => outgoingFrames(index, frameAt, [fault]))
      .map(({ chunk, frame }) => `${chunk}:${frame[0] ?? ''}`)
      .join(' ')
  }
  it.each([
    ['frame_altered', true, '1:0 2:1 3:2 4:3 5:4 6:5'],
    ['frame_dropped', true, '1:0 2:1 3:3 4:4 5:5'],
    ['frame_dropped', false, '1:0 2:1 4:3 5:4 6:5'],
    ['frame_doubled', true, '1:0 2:1 3:2 4:2 5:3 6:4 7:5'],
    ['frame_doubled', false, '1:0 2:1 3:2 3:2 4:3 5:4 6:5'],
    ['frame_swapped', true, '1:0 2:1 3:3 4:2 5:4 6:5'],
    ['frame_swapped', false, '1:0 2:1 4:3 3:2 5:4 6:5'],
  ])('%s renumbered %s', (kind, renumber, expected) => expect(play(kind, renumber)).toBe(expected))
  it('alter one sample, and not its lowest bit', () => {
    const altered = alterFrame(frameAt(0))
    const changed = [...altered].flatMap((byte, at) => (byte === 0 ? [] : [[at, byte]]))
    expect(changed).toEqual([[161, 0x10]])
  })
})

it('keeps the query from the handshake and gives it as parameters', () => {
  expect(streamTarget('wss://k:t@host.example/a?token=x&sample-rate=8000&b=c')).toEqual({
    url: 'wss://host.example/a',
    authorization: `Basic ${Buffer.from('k:t').toString('base64')}`,
    customParameters: { token: 'x', b: 'c' },
  })
})
