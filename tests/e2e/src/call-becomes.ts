import type { Client } from '@callwire/sdk'
import { eventually } from '@callwire/testkit'
import { ofType } from './expected-words.ts'

/** Waits until a call was tried, and stands as it should. */
export async function callBecomes(
  client: Client,
  callId: string,
  status: RegExp,
  reason = /^/,
): Promise<void> {
  await eventually(
    async () => {
      const { call } = await client.calls.get(callId)
      const { events } = await client.calls.events(callId)
      const tried = ofType(events, 'call.status').some(({ data }) => data.status === 'dialing')
      return tried && status.test(call.status) && reason.test(call.reason?.code ?? '')
    },
    { boundMs: 60_000, what: `${callId} being ${String(status)} for ${String(reason)}` },
  )
}
