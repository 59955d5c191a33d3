import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Admission } from './admission.ts'
import { decideBinding, type BindingFacts, type KnownCall } from './decide-binding.ts'

const mine: KnownCall = {
  tenantId: 'ten_a',
  callId: 'cal_1',
  phoneId: 'phn_1',
  direction: 'outbound',
  sid: 'S1',
}
const unplaced: KnownCall = { ...mine, callId: 'cal_2', sid: null }
const otherPhone: KnownCall = { ...mine, callId: 'cal_3', phoneId: 'phn_2', sid: 'S3' }
const otherTenant: KnownCall = { ...mine, tenantId: 'ten_b', callId: 'cal_4', sid: 'S4' }
const received: KnownCall = { ...mine, callId: 'cal_5', direction: 'inbound', sid: 'S5' }

const call = (callId: string, tokenId: string | null = null): Admission => ({
  kind: 'call',
  tenantId: 'ten_a',
  callId,
  tokenId,
})
const phone: Admission = { kind: 'phone', tenantId: 'ten_a', phoneId: 'phn_1', tokenId: null }
const address: Admission = { kind: 'address' }

const nothing: BindingFacts = {
  admission: phone,
  callSid: null,
  own: null,
  named: [],
  bySid: null,
  isPlacing: false,
  mayWait: true,
}

const bind = (known: KnownCall) => ({ kind: 'bind', call: known })
const inbound = { kind: 'inbound', tenantId: 'ten_a', phoneId: 'phn_1' }
const identity = { kind: 'refuse', reason: 'identity' }
const unknown = { kind: 'refuse', reason: 'unknown_call' }
const wait = { kind: 'wait' }

const table: [string, Partial<BindingFacts>, unknown][] = [
  ["a call's token, nothing else named", { admission: call('cal_1'), own: mine }, bind(mine)],
  [
    "a call's token and its own sid",
    { admission: call('cal_1'), own: mine, callSid: 'S1', bySid: mine },
    bind(mine),
  ],
  [
    "a call's token before the sid is stored",
    { admission: call('cal_2'), own: unplaced, callSid: 'S9' },
    bind(unplaced),
  ],
  [
    "a call's token with the sid of another call",
    { admission: call('cal_2'), own: unplaced, callSid: 'S3', bySid: otherPhone },
    identity,
  ],
  [
    "a call's token with another tenant's sid",
    { admission: call('cal_2'), own: unplaced, callSid: 'S4', bySid: otherTenant },
    identity,
  ],
  [
    "a call's token with a sid that nobody knows",
    { admission: call('cal_1'), own: mine, callSid: 'S9' },
    bind(mine),
  ],
  [
    "a call's token that names another call",
    { admission: call('cal_1'), own: mine, named: [unplaced] },
    identity,
  ],
  ["a call's token, the call gone", { admission: call('cal_1') }, unknown],
  ["a phone's credentials and a call id of it", { named: [unplaced] }, bind(unplaced)],
  [
    "a phone's credentials, a call id and an unknown sid",
    { named: [mine], callSid: 'S9' },
    bind(mine),
  ],
  ["a phone's credentials and another phone's call id", { named: [otherPhone] }, identity],
  ["a phone's credentials and a known sid", { callSid: 'S1', bySid: mine }, bind(mine)],
  ["a phone's credentials and its inbound sid", { callSid: 'S5', bySid: received }, bind(received)],
  ["a phone's credentials and another phone's sid", { callSid: 'S3', bySid: otherPhone }, identity],
  [
    "a phone's credentials and another tenant's sid",
    { callSid: 'S4', bySid: otherTenant },
    identity,
  ],
  [
    "a phone's credentials, id and sid of two calls",
    { named: [unplaced], callSid: 'S1', bySid: mine },
    identity,
  ],
  ['an unknown sid while a call is being placed', { callSid: 'S9', isPlacing: true }, wait],
  [
    'an unknown sid, waited long enough',
    { callSid: 'S9', isPlacing: true, mayWait: false },
    inbound,
  ],
  ['an unknown sid and nothing being placed', { callSid: 'S9' }, inbound],
  ['no sid at all', { isPlacing: true }, inbound],
  [
    'the address alone and a sid we placed',
    { admission: address, callSid: 'S1', bySid: mine },
    bind(mine),
  ],
  [
    'the address alone and an inbound sid',
    { admission: address, callSid: 'S5', bySid: received },
    identity,
  ],
  [
    'the address alone and a call id only',
    { admission: address, callSid: 'S9', named: [mine], mayWait: false },
    unknown,
  ],
  [
    'the address alone, a call id without a sid yet',
    { admission: address, callSid: 'S9', named: [unplaced], isPlacing: true },
    wait,
  ],
  [
    'the address alone and an unknown sid',
    { admission: address, callSid: 'S9', isPlacing: true },
    wait,
  ],
  [
    'the address alone, waited long enough',
    { admission: address, callSid: 'S9', isPlacing: true, mayWait: false },
    unknown,
  ],
  ['the address alone without a sid', { admission: address, isPlacing: true }, unknown],
]

describe('decideBinding', () => {
  test.each(table)('%s', (_name, facts, expected) => {
    expect(decideBinding({ ...nothing, ...facts })).toEqual(expected)
  })

  const anyCall = fc.constantFrom(mine, unplaced, otherPhone, otherTenant, received)
  const anyAdmission = fc.constantFrom(call('cal_1'), call('cal_2'), call('cal_4'), phone, address)
  const anyFacts = fc.record({
    admission: anyAdmission,
    callSid: fc.constantFrom(null, 'S1', 'S3', 'S4', 'S9'),
    own: fc.option(anyCall),
    named: fc.array(anyCall, { maxLength: 3 }),
    bySid: fc.option(anyCall),
    isPlacing: fc.boolean(),
    mayWait: fc.boolean(),
  })

  test('never binds a call that the credentials do not reach', () => {
    fc.assert(
      fc.property(anyFacts, (facts) => {
        const binding = decideBinding(facts)
        if (binding.kind !== 'bind') return true
        const { admission } = facts
        const { call: bound } = binding
        if (admission.kind === 'call')
          return bound.callId === admission.callId && bound.tenantId === 'ten_a'
        if (admission.kind === 'phone')
          return bound.phoneId === 'phn_1' && bound.tenantId === 'ten_a'
        return bound.direction === 'outbound' && facts.bySid?.callId === bound.callId
      }),
    )
  })

  test('waits only while it may, and makes inbound calls only for a phone', () => {
    fc.assert(
      fc.property(anyFacts, (facts) => {
        const binding = decideBinding(facts)
        if (binding.kind === 'wait')
          return facts.mayWait && facts.isPlacing && facts.callSid !== null
        return binding.kind !== 'inbound' || facts.admission.kind === 'phone'
      }),
    )
  })
})
