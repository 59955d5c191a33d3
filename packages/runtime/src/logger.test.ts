import { expect, test } from 'vitest'
import { AppError } from './app-error.ts'
import { createLogger } from './logger.ts'
import { Secret } from './secret.ts'

function capture() {
  const lines: string[] = []
  const log = createLogger({
    service: 'probe',
    level: 'trace',
    stream: { write: (line) => void lines.push(line) },
  })
  return { log, lines }
}

class StoreFault extends AppError {}

test('writes fields, level by name and the service', () => {
  const { log, lines } = capture()
  log.info({ callId: 'cal_1' }, 'call dialed')
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({
    level: 'info',
    service: 'probe',
    callId: 'cal_1',
    msg: 'call dialed',
  })
})

test.each([
  ['as the only argument', (log: ReturnType<typeof capture>['log'], e: Error) => log.error(e)],
  [
    'with a message',
    (log: ReturnType<typeof capture>['log'], e: Error) => log.error(e, 'x failed'),
  ],
  [
    'as err',
    (log: ReturnType<typeof capture>['log'], e: Error) => log.error({ err: e }, 'x failed'),
  ],
  ['as error', (log: ReturnType<typeof capture>['log'], e: Error) => log.error({ error: e }, 'x')],
])("never writes a foreign error's text, given %s", (_how, write) => {
  const { log, lines } = capture()
  const cause = new Error('inner-words')
  const error = Object.assign(new Error('outer-words', { cause }), {
    headers: { a: 'header-words' },
  })
  write(log, error)
  expect(lines.join('')).not.toMatch(/outer-words|inner-words|header-words/)
  expect(lines.join('')).toContain('"errorName":"Error"')
})

test('tells the code of our own errors', () => {
  const { log, lines } = capture()
  log.warn(new StoreFault({ code: 'gone', message: 'm' }), 'lost')
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({
    code: 'gone',
    errorName: 'StoreFault',
    msg: 'lost',
  })
})

test('prints a secret as such and scrubs the line', () => {
  const { log, lines } = capture()
  log.info({ key: new Secret('k3y'), url: 'https://k3y:t0k3n@host' }, 'with +919876543210')
  expect(lines[0]).toContain('"key":"[secret]"')
  expect(lines.join('')).not.toMatch(/k3y|t0k3n|9876543210/)
})
