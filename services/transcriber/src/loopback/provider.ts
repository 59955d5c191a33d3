import type { ProviderEvent, SpeechConnection, SpeechProvider } from '../speech/provider.ts'
import { createEventQueue } from '../speech/event-queue.ts'
import { createFrameOrder } from './frame-order.ts'
import { createFrameScanner, type Scanned } from './frame-scanner.ts'
import { createWordAssembler } from './words.ts'

/**
 * The simulator's speech provider: it is given PCM and nothing else, and recovers the words that the
 * audio carries in its lowest bits. Audio of any other origin stays silent.
 */
export const loopbackProvider: SpeechProvider = {
  id: 'loopback',
  capabilities: {
    interim: true,
    words: true,
    diarization: true,
    reportsLoss: true,
    sampleRates: [8000],
    maxReplaySpeed: Number.POSITIVE_INFINITY,
  },
  open: () => openLoopback(),
}

/** No fault of the wire moves a frame back so far: the simulator has begun anew. */
const RESTART_FRAMES = 50

function openLoopback(): SpeechConnection {
  const scanner = createFrameScanner()
  const events = createEventQueue<ProviderEvent>()
  let order = createFrameOrder()
  let words = createWordAssembler()
  let lastIndex = -1
  let ended = false

  const finish = () => {
    for (const ordered of order.flush()) events.push(...words.push(ordered))
    events.push(...words.flush())
  }

  const take = (found: Scanned[]) => {
    for (const scanned of found) {
      if (scanned.kind === 'frame') {
        if (scanned.frame.index < lastIndex - RESTART_FRAMES) {
          finish()
          order = createFrameOrder()
          words = createWordAssembler()
          lastIndex = -1
        }
        lastIndex = Math.max(lastIndex, scanned.frame.index)
      }
      for (const ordered of order.push(scanned)) events.push(...words.push(ordered))
    }
  }

  return {
    ready: () => Promise.resolve(),
    write(pcm) {
      if (!ended) take(scanner.push(pcm))
      return true
    },
    missed: () => words.missed(),
    end() {
      if (ended) return
      ended = true
      take(scanner.flush())
      finish()
      events.close()
    },
    abort() {
      ended = true
      events.close()
    },
    [Symbol.asyncIterator]: () => events[Symbol.asyncIterator](),
  }
}
