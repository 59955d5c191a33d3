// The floor: a media socket's frames are parsed, decoded, sealed by 100 ms and appended to Redis.
import { createServer } from 'node:http'
import { Redis } from 'ioredis'
import { WebSocketServer } from 'ws'
import { floorConfig } from './config.ts'
import { createFloorStream } from './stream.ts'

// One write for all that one turn of the event loop appends.
const redis = new Redis(floorConfig.redisUrl, { enableAutoPipelining: true })
let streams = 0
let frames = 0

const http = createServer((_request, response) => {
  response.setHeader('content-type', 'application/json')
  response.end(JSON.stringify({ status: 'ok', streams, frames }))
})
const server = new WebSocketServer({ server: http, perMessageDeflate: false })
server.on('connection', (socket) => {
  streams += 1
  const key = `floor:${streams}`
  const take = createFloorStream((block) => {
    redis.xadd(key, '*', 'b', block).catch(fault)
  })
  socket.on('message', (data: Buffer) => {
    const message = JSON.parse(data.toString()) as { event: string; media?: { payload: string } }
    if (message.event === 'stop') socket.close()
    if (message.event !== 'media' || message.media === undefined) return
    frames += 1
    take(Buffer.from(message.media.payload, 'base64'))
  })
  socket.on('error', fault)
})
http.listen({ host: '127.0.0.1', port: floorConfig.port })

process.once('SIGTERM', () => process.exit(0))

function fault(error: unknown): void {
  process.stderr.write(`${String(error)}\n`)
}
