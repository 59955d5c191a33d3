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

function openLoopback(): SpeechConnection {
  const scanner = createFrameScanner()
  const order = createFrameOrder()
  const words = createWordAssembler()
  const events = createEventQueue<ProviderEvent>()
  let ended = false

  const take = (found: Scanned[]) => {
    for (const scanned of found) {
      for (const ordered of order.push(scanned)) events.push(...words.push(ordered))
    }
  }

  return {
    ready: () => Promise.resolve(),
    write(pcm) {
      if (!ended) take(scanner.push(pcm))
      return true
    },
    end() {
      if (ended) return
      ended = true
      take(scanner.flush())
      for (const ordered of order.flush()) events.push(...words.push(ordered))
      events.push(...words.flush())
      events.close()
    },
    abort() {
      ended = true
      events.close()
    },
    [Symbol.asyncIterator]: () => events[Symbol.asyncIterator](),
  }
}
