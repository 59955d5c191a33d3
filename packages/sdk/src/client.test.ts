import { expect, test } from 'vitest'
import { createClient, type Client } from './client.ts'

/** What a method asks for, as `METHOD path body`. */
async function askedBy(use: (client: Client) => Promise<unknown>): Promise<string> {
  const asked: string[] = []
  const client = createClient({
    baseUrl: 'https://calls.example',
    token: 'cw_key',
    fetch: (input, init) => {
      const { pathname, search } = new URL(input instanceof Request ? input.url : input)
      const body = typeof init?.body === 'string' ? ` ${init.body}` : ''
      asked.push(`${init?.method ?? ''} ${pathname}${search}${body}`)
      return Promise.resolve(Response.json({ success: true, data: {} }))
    },
  })
  await use(client)
  return asked.join('\n')
}

test.each<[string, (client: Client) => Promise<unknown>]>([
  ['GET /api/v1/keys/status', ({ keys }) => keys.status()],
  ['POST /api/v1/keys/introduce {"kid":"k2"}', ({ keys }) => keys.introduce('k2')],
  ['POST /api/v1/keys/promote {"kid":"k2"}', ({ keys }) => keys.promote('k2')],
  ['POST /api/v1/keys/retire {"kid":"k1"}', ({ keys }) => keys.retire('k1')],
  ['POST /api/v1/keys/rotate', ({ keys }) => keys.rotate()],
  ['GET /api/v1/keys/rotate', ({ keys }) => keys.rotation()],
  ['POST /api/v1/keys/rotate/pause', ({ keys }) => keys.pauseRotation()],
  ['POST /api/v1/keys/rotate/resume', ({ keys }) => keys.resumeRotation()],
  ['POST /api/v1/keys/verify', ({ keys }) => keys.verify()],
  ['GET /api/v1/keys/verify', ({ keys }) => keys.verification()],
  ['POST /api/v1/phones/phn_1/check', ({ phones }) => phones.check('phn_1')],
  ['POST /api/v1/phones/a%2Fb/breaker/reset', ({ phones }) => phones.resetBreaker('a/b')],
  [
    'GET /api/v1/phones?tag=sales&hasCredentials=false&limit=10',
    ({ phones }) => phones.list({ tag: 'sales', hasCredentials: 'false', limit: 10 }),
  ],
  ['GET /api/v1/settings', ({ settings }) => settings.get()],
  [
    'PATCH /api/v1/settings {"caps":{"calls":null}}',
    ({ settings }) => settings.update({ caps: { calls: null } }),
  ],
  [
    'POST /api/v1/never-call {"number":"+919876543210","reason":"Asked"}',
    ({ neverCall }) => neverCall.add({ number: '+919876543210', reason: 'Asked' }),
  ],
  [
    'GET /api/v1/never-call?number=%2B919876543210',
    ({ neverCall }) => neverCall.list({ number: '+919876543210' }),
  ],
  [
    'POST /api/v1/never-call/import {"numbers":["+919876543210"],"reason":"Register"}',
    ({ neverCall }) => neverCall.import({ numbers: ['+919876543210'], reason: 'Register' }),
  ],
  ['DELETE /api/v1/never-call/nvc_1', ({ neverCall }) => neverCall.remove('nvc_1')],
  ['GET /api/v1/dialing', ({ dialing }) => dialing.get()],
  ['POST /api/v1/dialing/pause', ({ dialing }) => dialing.pause()],
  ['POST /api/v1/dialing/resume', ({ dialing }) => dialing.resume()],
  ['GET /api/v1/install/dialing', ({ install }) => install.dialing()],
  [
    'PATCH /api/v1/install/dialing {"paused":true,"reason":"Tests"}',
    ({ install }) => install.setDialing({ paused: true, reason: 'Tests' }),
  ],
  [
    'GET /api/v1/calls?status=unknown&reason=needs_review',
    ({ calls }) => calls.list({ status: 'unknown', reason: 'needs_review' }),
  ],
  ['GET /api/v1/calls/cal_1/candidates', ({ calls }) => calls.candidates('cal_1')],
  [
    'POST /api/v1/calls/cal_1/reconcile {"notPlaced":true}',
    ({ calls }) => calls.reconcile('cal_1', { notPlaced: true }),
  ],
  [
    'POST /api/v1/webhooks/whe_1/secret?overlapHours=0',
    ({ webhooks }) => webhooks.rotateSecret('whe_1', { overlapHours: 0 }),
  ],
  [
    'GET /api/v1/webhooks/whe_1/deliveries?state=dead',
    ({ webhooks }) => webhooks.deliveries('whe_1', { state: 'dead' }),
  ],
  [
    'POST /api/v1/webhooks/whe_1/replay {"deliveryId":"msg_1"}',
    ({ webhooks }) => webhooks.replay('whe_1', { deliveryId: 'msg_1' }),
  ],
])('%s', async (asked, use) => {
  expect(await askedBy(use)).toBe(asked)
})
