import { expect, test } from 'vitest'
import { parseCallDetails, parseCallDetailsV3 } from './call-details.ts'

/** As an epoch in ms would be: beyond what the database takes. */
const absurd = 1_732_000_000_000

test('a duration beyond a day is as good as none', () => {
  const Legs = [{ Leg: { OnCallDuration: absurd } }]
  const call = (Duration: unknown) =>
    parseCallDetails({
      Call: { Sid: 'c1', Duration, Details: { ConversationDuration: absurd, Legs } },
    })
  expect(call(String(absurd))).toMatchObject({
    durationSeconds: null,
    legs: [{ onCallSeconds: null }],
  })
  expect(call('17')).toMatchObject({ durationSeconds: 17 })
  const call_details = { sid: 'c1', total_duration: absurd, total_talk_time: absurd }
  expect(parseCallDetailsV3({ response: { call_details } })).toMatchObject({
    durationSeconds: null,
    talkSeconds: null,
  })
})
