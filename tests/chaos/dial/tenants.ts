import { randomBytes } from 'node:crypto'
import { askOk } from './http.ts'
import { runProgram } from './process.ts'
import type { System } from './system.ts'

/** A number that calls are made from, and who may. */
export type Line = { tenantId: string; apiKey: string; phoneId: string; accountSid: string }

const agents = [
  { name: 'Flow', kind: 'flow', appId: '4711' },
  { name: 'Person', kind: 'human', number: '+919820011223' },
  { name: 'Stream', kind: 'stream' },
] as const

/** Exotel's documented limit is not what is tried here: the dialer is to keep its own. */
const noLimit = 1_000_000

/** Two tenants, whose phones share the accounts: one phone on each account for each of them. */
export async function makeLines(system: System, o: { accounts: number }): Promise<Line[]> {
  const accounts = Array.from({ length: o.accounts }, (_, n) => ({
    sid: `chaos${n + 1}`,
    apiKey: randomBytes(12).toString('hex'),
    apiToken: randomBytes(18).toString('hex'),
  }))
  for (const account of accounts) {
    const body = { ...account, requestsPerMinute: noLimit }
    await askOk('POST', `${system.simulatorUrl}/simulator/accounts`, { body })
  }
  const lines: Line[] = []
  for (const [t, name] of ['Acme', 'Bharat'].entries()) {
    const tenant = await makeTenant(system, name)
    const token = tenant.apiKey
    const api = async (path: string, body: unknown) =>
      (await askOk('POST', `${system.gatewayUrl}/api/v1${path}`, { body, token })) as {
        data: { agent: { id: string }; phone: { id: string } }
      }
    const agentIds: string[] = []
    for (const agent of agents) agentIds.push((await api('/agents', agent)).data.agent.id)
    for (const [n, account] of accounts.entries()) {
      const { data } = await api('/phones', {
        number: `0804733${t}${String(n).padStart(3, '0')}`,
        country: 'IN',
        exotelConfig: { ...account, subdomain: system.exotelHost },
        agentId: agentIds[n % agentIds.length],
      })
      const { tenantId, apiKey } = tenant
      lines.push({ tenantId, apiKey, phoneId: data.phone.id, accountSid: account.sid })
    }
  }
  return lines
}

async function makeTenant(
  system: System,
  name: string,
): Promise<{ tenantId: string; apiKey: string }> {
  const owner = ['--name', name, '--email', `owner@${name.toLowerCase()}.example`]
  const made = await runProgram({
    path: 'packages/cli/src/main.ts',
    args: ['tenant', 'create', ...owner, '--json'],
    variables: { DATABASE_URL: system.postgres.url },
  })
  return JSON.parse(made) as { tenantId: string; apiKey: string }
}
