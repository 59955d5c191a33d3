import { expect, test } from 'vitest'
import { encodeCaptions } from './testing/encode-captions.ts'
import { loopbackProvider } from './provider.ts'

const spoken = (text: string) => ({
  speaker: 0,
  language: 'en-IN',
  words: [{ text, startMs: 400, endMs: 700 }],
})

test('a simulator that begins anew on the same connection is heard from its new beginning', async () => {
  const connection = loopbackProvider.open({ sampleRate: 8_000, languages: [] })
  for (const text of ['first', 'second']) {
    connection.write(Buffer.concat(encodeCaptions([spoken(text)], 100)))
  }
  connection.end()
  const events = await Array.fromAsync(connection)
  expect(events.filter((event) => event.type !== 'interim')).toMatchObject([
    { type: 'final', text: 'first', startMs: 400, endMs: 700 },
    { type: 'final', text: 'second', startMs: 2_400, endMs: 2_700 },
  ])
})
