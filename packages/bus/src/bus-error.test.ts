import { inspect } from 'node:util'
import { expect, test } from 'vitest'
import { busCall } from './bus-error.ts'

function replyError(message: string): Error {
  return Object.assign(new Error(message), {
    name: 'ReplyError',
    command: { name: 'auth', args: ['pa55word'] },
  })
}

test.each([
  [new Error("Stream isn't writeable redis://:pa55word@host"), 'unavailable'],
  [new Error('Command timed out'), 'unavailable'],
  [replyError('LOADING Redis is loading the dataset in memory'), 'unavailable'],
  [replyError("OOM command not allowed when used memory > 'maxmemory'."), 'unavailable'],
  [replyError('READONLY You can not write against a read only replica.'), 'unavailable'],
  [replyError('MISCONF Redis is configured to save RDB snapshots'), 'unavailable'],
  [replyError('WRONGTYPE Operation against pa55word'), 'internal'],
  ['thrown text pa55word', 'unavailable'],
])('%s becomes %s and keeps nothing of it', async (thrown, code) => {
  // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors
  const error: unknown = await busCall(() => Promise.reject(thrown)).catch((e: unknown) => e)
  expect(error).toMatchObject({ code, name: 'BusError' })
  expect(inspect(error, { showHidden: true, depth: 9 })).not.toContain('pa55word')
})
