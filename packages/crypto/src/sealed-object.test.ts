import { describe, expect, it } from 'vitest'
import {
  createDataKey,
  openDataKey,
  openWithDataKey,
  rewrapDataKey,
  sealWithDataKey,
} from './data-key.ts'
import { MAX_OBJECT_BYTES, openObject, sealObject } from './sealed-object.ts'
import { outcomeOf, UNSEAL_FAILED } from './testing/outcome.ts'
import { context, otherContexts, ringsOf } from './testing/samples.ts'

const { content } = ringsOf(1)
const recording = { tenantId: 'ten_1', recordingId: 'rec_1' }
const { dataKey, wrapped } = createDataKey(content, recording)
const pcm = Buffer.from('0001fffe7f80', 'hex')

describe('a sealed object', () => {
  const sealed = sealObject(dataKey, context, pcm)

  it('opens under the same key and context, and is another one each time', () => {
    expect(openObject(dataKey, context, sealed)).toEqual(pcm)
    expect(sealObject(dataKey, context, pcm)).not.toEqual(sealed)
    expect(sealed.length).toBe(pcm.length + 68)
  })

  it.each(otherContexts())('does not open with another %s', (_name, other) => {
    expect(outcomeOf(() => openObject(dataKey, other, sealed))).toEqual(UNSEAL_FAILED)
  })

  it('does not open with a byte changed, added or missing', () => {
    for (let at = 0; at < sealed.length; at += 1) {
      const changed = Buffer.from(sealed)
      changed.writeUInt8(changed.readUInt8(at) ^ 1, at)
      expect(outcomeOf(() => openObject(dataKey, context, changed))).toEqual(UNSEAL_FAILED)
      const cut = sealed.subarray(0, at)
      expect(outcomeOf(() => openObject(dataKey, context, cut))).toEqual(UNSEAL_FAILED)
    }
    const longer = Buffer.concat([sealed, Buffer.alloc(1)])
    expect(outcomeOf(() => openObject(dataKey, context, longer))).toEqual(UNSEAL_FAILED)
  })

  it('has a bound, to seal and to open', () => {
    const most = Buffer.alloc(MAX_OBJECT_BYTES - 68)
    expect(openObject(dataKey, context, sealObject(dataKey, context, most))).toHaveLength(
      most.length,
    )
    expect(() => sealObject(dataKey, context, Buffer.alloc(most.length + 1))).toThrow('8 MiB')
  })

  it('is no text under the same key, nor a text an object', () => {
    const text = sealWithDataKey(dataKey, context, pcm)
    const [, head = '', body = ''] = text.split('.')
    const bytes = [
      Buffer.from('cw1o'),
      Buffer.from(head, 'base64url'),
      Buffer.from(body, 'base64url'),
    ]
    expect(outcomeOf(() => openObject(dataKey, context, Buffer.concat(bytes)))).toEqual(
      UNSEAL_FAILED,
    )
    const spelled = `cw1e.${sealed.subarray(4, 52).toString('base64url')}.${sealed.subarray(52).toString('base64url')}`
    expect(outcomeOf(() => openWithDataKey(dataKey, context, spelled))).toEqual(UNSEAL_FAILED)
  })
})

describe('a wrapped data key', () => {
  it('is a recording’s or a call’s, never both, even with one id', () => {
    const call = { tenantId: 'ten_1', callId: 'rec_1' }
    const wrappedCalls = createDataKey(content, call).wrapped
    expect(outcomeOf(() => openDataKey(content, call, wrapped))).toEqual(UNSEAL_FAILED)
    expect(outcomeOf(() => openDataKey(content, recording, wrappedCalls))).toEqual(UNSEAL_FAILED)
    expect(outcomeOf(() => rewrapDataKey(content, call, wrapped))).toEqual(UNSEAL_FAILED)
  })

  it('opens what was sealed after it was wrapped anew', () => {
    const again = openDataKey(content, recording, rewrapDataKey(content, recording, wrapped))
    expect(openObject(again, context, sealObject(dataKey, context, pcm))).toEqual(pcm)
  })
})
