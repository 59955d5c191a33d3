import { connect } from 'node:net'

/** A server that is up answers in milliseconds; one that loads its file says so. */
const answerBoundMs = 2_000

/** Whether a Redis at 127.0.0.1:`port` takes the password and answers PING. Never rejects. */
export async function redisAnswers(port: number, password: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port })
    let received = ''
    const done = (answer: boolean): void => {
      socket.destroy()
      resolve(answer)
    }
    socket.setTimeout(answerBoundMs, () => done(false))
    socket.on('error', () => done(false)).on('close', () => done(false))
    socket.on('connect', () => socket.write(`AUTH ${password}\r\nPING\r\n`))
    socket.on('data', (chunk) => {
      received += chunk.toString('latin1')
      if (received.includes('+PONG')) done(true)
      else if (/^-(?!LOADING)/m.test(received)) done(false)
    })
  })
}
