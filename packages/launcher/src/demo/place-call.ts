import type { Client } from '@callwire/sdk'

import { demoPerson, demoPhone, type SimulatorAccount } from './simulator.ts'

const agentName = 'Demo media stream'

/** Imports the demo's phone, gives it an agent that streams the call's audio to us, and places one call. */
export async function placeDemoCall(o: {
  client: Client
  account: SimulatorAccount
  simulatorHost: string
}): Promise<{ callId: string; phoneId: string }> {
  const { client, account } = o
  const agentId = await ensureAgent(client)
  const { phone } = await client.phones.import({
    number: demoPhone,
    country: 'IN',
    exotelConfig: {
      apiKey: account.apiKey,
      apiToken: account.apiToken,
      sid: account.sid,
      subdomain: o.simulatorHost,
    },
    agentId,
  })
  // A run that was killed in the middle of its call must not stand in the way of the next.
  const { call } = await client.calls.place({
    phoneId: phone.id,
    to: demoPerson,
    allowConcurrent: true,
  })
  return { callId: call.id, phoneId: phone.id }
}

async function ensureAgent(client: Client): Promise<string> {
  const { agents } = await client.agents.list({ limit: 100 })
  const known = agents.find(({ name, kind }) => name === agentName && kind === 'stream')
  if (known !== undefined) return known.id
  const { agent } = await client.agents.create({ name: agentName, kind: 'stream' })
  return agent.id
}
