import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createHealth } from '@callwire/runtime'
import { expect, onTestFinished, test } from 'vitest'
import { CHECK_MS, checkService, notAsked } from './check-service.ts'

async function service(listener: RequestListener): Promise<{ url: string; close: () => void }> {
  const server = createServer(listener)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const close = () => {
    server.closeAllConnections()
    server.close()
  }
  onTestFinished(close)
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close }
}

test('asks the service whether it is ready', async () => {
  const asked: unknown[] = []
  const { url } = await service((request, response) => {
    asked.push([request.method, request.url])
    response.end('{}')
  })
  await checkService(url)
  expect(asked).toEqual([['GET', '/readyz']])
})

test.each<[string, RequestListener, string]>([
  ['says that it is not', (_request, response) => response.writeHead(503).end('{}'), 'not_ready'],
  ['knows of no such question', (_request, response) => response.writeHead(404).end(), 'not_ready'],
  [
    'sends us elsewhere',
    (_request, response) => response.writeHead(302, { location: 'http://127.0.0.1:9/' }).end(),
    'unreachable',
  ],
  ['takes the question and never answers', () => undefined, 'unreachable'],
])('a service that %s', async (_what, listener, code) => {
  const { url } = await service(listener)
  await expect(checkService(url)).rejects.toMatchObject({ code })
})

test('a service that is not there', async () => {
  const { url, close } = await service(() => undefined)
  close()
  await expect(checkService(url)).rejects.toMatchObject({ code: 'unreachable' })
})

test('a service whose store hangs is told apart from one that is not there', async () => {
  const hanging = createHealth({ redis: () => new Promise<void>(() => undefined) })
  const { url } = await service((_request, response) => {
    void hanging.readyz().then(({ status, body }) => {
      response.writeHead(status).end(JSON.stringify(body))
    })
  })
  const gateway = createHealth({ transcriber: () => checkService(url) }, { checkMs: CHECK_MS })
  expect((await gateway.readyz()).body.checks).toEqual({ transcriber: 'not_ready' })
})

test('knows whose health nobody asks for', () => {
  expect(notAsked([])).toEqual(['ingest', 'dialer', 'transcriber', 'copilot', 'courier'])
  const all = ['courier', 'copilot', 'transcriber', 'dialer', 'ingest', 'more']
  expect(notAsked(all.map((name) => ({ name })))).toEqual([])
})
