import { createHash } from 'node:crypto'
import type { CallEvent, LiveEvent } from '@callwire/contracts'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { canonicalText, commitOf, genesisHash, nextHash } from './chain.ts'
import { verifyChain } from './verify-chain.ts'

const callId = `cal_${'0'.repeat(24)}`
const AT = Date.UTC(2025, 0, 1)

const salts = fc.uint8Array({ minLength: 16, maxLength: 16 })
const facts = fc.record({
  salt: salts.map((bytes) => Buffer.from(bytes).toString('base64url')),
  type: fc.constantFrom('alert', 'call.status', 'transcript.final'),
  text: fc.string({ unit: 'grapheme' }),
  number: fc.double({ noNaN: true, noDefaultInfinity: true }),
  afterMs: fc.nat(10_000),
})

/** A chain of these facts, as a producer makes it. */
function chainOf(list: readonly (typeof facts extends fc.Arbitrary<infer F> ? F : never)[]) {
  let hash = genesisHash(callId)
  return list.map((fact, index): CallEvent => {
    const seq = index + 1
    const content = {
      id: `evt_${String(seq).padStart(24, '0')}`,
      callId,
      seq,
      type: fact.type,
      at: new Date(AT + fact.afterMs).toISOString(),
      data: { text: fact.text, number: fact.number === 0 ? 0 : fact.number },
    }
    hash = nextHash(hash, commitOf({ ...content, salt: fact.salt }))
    return { ...content, salt: fact.salt, hash } as unknown as LiveEvent
  })
}

const chains = fc.array(facts, { minLength: 1, maxLength: 8 }).map(chainOf)
const chainsWithPlace = chains.chain((events) =>
  fc.record({ events: fc.constant(events), place: fc.nat(events.length - 1) }),
)

function changed(events: readonly CallEvent[], place: number, change: object): CallEvent[] {
  return events.map((event, index) => (index === place ? { ...event, ...change } : event))
}

test('follows its definition to the byte', () => {
  const sha = (...parts: (string | Buffer)[]) => {
    const hash = createHash('sha256')
    for (const part of parts) hash.update(part)
    return hash.digest()
  }
  const salt = Buffer.from('000102030405060708090a0b0c0d0e0f', 'hex')
  const content = {
    type: 'alert',
    seq: 1,
    data: { b: 1.0, a: 'é\u20ac"' },
    at: '2025-01-01T00:00:00.000Z',
    callId,
    id: 'evt_1',
  }
  const text =
    `{"at":"2025-01-01T00:00:00.000Z","callId":"${callId}",` +
    `"data":{"a":"é€\\"","b":1},"id":"evt_1","seq":1,"type":"alert"}`
  const commit = sha(salt, text)
  expect(canonicalText(content)).toBe(text)
  expect(commitOf({ ...content, salt: salt.toString('base64url') })).toBe(commit.toString('hex'))
  const genesis = sha(`callwire:1:${callId}`)
  expect(genesisHash(callId)).toBe(genesis.toString('hex'))
  expect(nextHash(genesis.toString('hex'), commit.toString('hex'))).toBe(
    sha(genesis, commit).toString('hex'),
  )
})

describe('a chain', () => {
  test('that nobody touched holds, and ends in its last hash', () => {
    fc.assert(
      fc.property(chains, (events) => {
        expect(verifyChain(callId, events)).toEqual({ ok: true, hash: events.at(-1)?.hash })
      }),
    )
  })

  test('still holds when events were erased down to their commits', () => {
    fc.assert(
      fc.property(chainsWithPlace, ({ events, place }) => {
        const event = events[place] as LiveEvent
        const { salt: _salt, ...rest } = event
        const erased = { ...rest, data: null, erased: true as const, commit: commitOf(event) }
        const list = events.with(place, erased)
        expect(verifyChain(callId, list).ok).toBe(true)
        const elsewhere = events.with(place, { ...erased, seq: 99 })
        expect(verifyChain(callId, elsewhere)).toEqual({ ok: false, seq: place + 1 })
        const lie = { ...erased, commit: '0'.repeat(64) }
        const lied = events.with(place, lie)
        expect(verifyChain(callId, lied)).toEqual({ ok: false, seq: place + 1 })
      }),
    )
  })

  test.each([
    ['id', { id: 'evt_other' }],
    ['call', { callId: `cal_${'1'.repeat(24)}` }],
    ['seq', { seq: 99 }],
    ['type', { type: 'other' }],
    ['time', { at: '2024-01-01T00:00:00.000Z' }],
    ['data', { data: { text: 'something else', number: 0.1234 } }],
    ['data, by one more key', { data: { text: 'x', number: 1, more: null } }],
    ['salt', { salt: 'B'.repeat(22) }],
    ['hash', { hash: '0'.repeat(64) }],
  ])('shows where the %s was changed', (_name, change) => {
    fc.assert(
      fc.property(chainsWithPlace, ({ events, place }) => {
        fc.pre(JSON.stringify(changed(events, place, change)) !== JSON.stringify(events))
        expect(verifyChain(callId, changed(events, place, change))).toEqual({
          ok: false,
          seq: place + 1,
        })
      }),
    )
  })

  test('shows an event left out, put twice, or exchanged', () => {
    fc.assert(
      fc.property(chainsWithPlace, ({ events, place }) => {
        const without = events.toSpliced(place, 1)
        if (place < events.length - 1) expect(verifyChain(callId, without).ok).toBe(false)
        const twice = events.toSpliced(place, 0, ...events.slice(place, place + 1))
        expect(verifyChain(callId, twice).ok).toBe(false)
        const [one, two] = [events[place], events[place + 1]]
        if (one !== undefined && two !== undefined) {
          expect(verifyChain(callId, events.toSpliced(place, 2, two, one)).ok).toBe(false)
        }
      }),
    )
  })

  test('of another call does not hold', () => {
    fc.assert(
      fc.property(chains, (events) => {
        expect(verifyChain(`cal_${'1'.repeat(24)}`, events).ok).toBe(false)
      }),
    )
  })
})

test.each([[NaN], [Infinity], ['\ud800'], [{ a: ['\udc00'] }], [undefined]])(
  'there is no canonical text for %j',
  (value) => {
    expect(() => canonicalText(value)).toThrow()
  },
)
