/** What an inbox needs of a `ws` socket: to stop reading for a while. */
export type Source = { pause(): void; resume(): void }

export type Inbox = {
  take(text: string): void
  /** Resolves when what was taken so far is handled. */
  settled(): Promise<void>
}

/**
 * Handles a consumer's messages one after another, so that answers keep the order of the questions.
 * While more than `maxBytes` of them wait, no more is read from the socket: a store that is slow
 * just now does not fill our memory.
 *
 * @param handle - never rejects
 */
export function createInbox(
  source: Source,
  maxBytes: number,
  handle: (text: string) => Promise<void>,
): Inbox {
  let work: Promise<void> = Promise.resolve()
  let waitingBytes = 0
  let isPaused = false
  return {
    take(text) {
      waitingBytes += text.length
      if (waitingBytes > maxBytes && !isPaused) {
        isPaused = true
        source.pause()
      }
      work = work.then(async () => {
        await handle(text)
        waitingBytes -= text.length
        if (isPaused && waitingBytes <= maxBytes / 2) {
          isPaused = false
          source.resume()
        }
      })
    },
    settled: () => work,
  }
}
