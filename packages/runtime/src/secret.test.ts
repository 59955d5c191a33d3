import assert from 'node:assert'
import { Console } from 'node:console'
import { stringify } from 'node:querystring'
import { PassThrough } from 'node:stream'
import { format, inspect } from 'node:util'
import { serialize } from 'node:v8'
import { receiveMessageOnPort, MessageChannel } from 'node:worker_threads'
import { describe, expect, test } from 'vitest'
import { createLogger } from './logger.ts'
import { Secret } from './secret.ts'

const value = 'hunter2-9c41d7'
const secret = new Secret(value)
/** Printers take anything, whatever types say; so do these tests. */
const anything = secret as unknown as string
const likeNumber = secret as unknown as number
const fields = secret as unknown as Record<string, unknown>

/** In every form in which bytes are written down. */
const forms = [
  value,
  Buffer.from(value).toString('hex'),
  Buffer.from(value).toString('base64').replace(/=+$/, ''),
]
const carries = (text: string) => forms.some((form) => text.includes(form))

function thrown(act: () => unknown): unknown {
  try {
    act()
  } catch (error) {
    return error
  }
  throw new Error('nothing was thrown')
}

function printed(print: (console: Console) => void): string {
  const stdout = new PassThrough()
  print(new Console({ stdout, stderr: stdout }))
  return String(stdout.read())
}

test('gives its value when asked by name, and to nothing that only looks like it', () => {
  const reveal = Reflect.get(Secret.prototype, 'reveal') as () => unknown
  expect(secret.reveal()).toBe(value)
  expect(() => new Proxy(secret, {}).reveal()).toThrow('Not a Secret')
  expect(() => Reflect.apply(reveal, {}, [])).toThrow('Not a Secret')
})

describe('prints as [secret]', () => {
  const nested = {
    deep: { list: [secret], map: new Map([[secret, secret]]), set: new Set([secret]) },
  }
  const ways: Record<string, () => string> = {
    String: () => String(secret),
    template: () => `x ${anything}`,
    '+': () => 'x' + anything,
    concat: () => 'x'.concat(anything),
    join: () => [secret].join(),
    toLocaleString: () => secret.toLocaleString(),
    'Object.prototype.toString': () =>
      Object.prototype.toString.call(secret).replace('object ', ''),
    'JSON.stringify': () => JSON.stringify({ secret, list: [secret] }),
    'as a key of an object': () => Object.keys({ [anything]: 1 }).join(),
    'as a description of a symbol': () => Symbol(anything).toString(),
    'a URL’s parameters': () => decodeURIComponent(String(new URLSearchParams({ a: anything }))),
    encodeURIComponent: () => decodeURIComponent(encodeURIComponent(anything)),
    'a buffer of it': () => Buffer.from(anything).toString(),
    inspect: () => inspect(secret),
    'inspect, hidden things too': () => inspect(nested, { showHidden: true, depth: null }),
    'inspect without custom functions': () => inspect(secret, { customInspect: false }),
    'inspect without custom functions, hidden things too': () =>
      inspect(nested, { customInspect: false, showHidden: true, depth: null, getters: true }),
    'inspect of a proxy': () => inspect(new Proxy(secret, {})),
    'inspect into a proxy': () =>
      inspect(new Proxy(secret, {}), { showProxy: true, customInspect: false }),
    'format %s': () => format('%s', secret),
    'format %j': () => format('%j', secret),
    'format %o': () => format('%o', nested),
    'format %O': () => format('%O', secret),
    'format without a place': () => format('x', secret),
    'console.log': () => printed((console) => console.log('x', secret, nested)),
    'console.error': () => printed((console) => console.error(secret)),
    'console.dir': () => printed((console) => console.dir(secret, { customInspect: false })),
    'console.table': () => printed((console) => console.table([{ secret }])),
    'an error’s message': () => new Error(anything).message,
    'an error printed, with it as a field': () =>
      inspect(Object.assign(new Error('x', { cause: secret }), { secret })),
    'an error among errors': () => inspect(new AggregateError([secret], anything)),
    'a URL that is none': () => inspect(thrown(() => new URL(anything))),
    'a number that is none': () => inspect(thrown(() => BigInt(likeNumber))),
    'a failed assert': () =>
      String(thrown(() => assert.deepStrictEqual({ a: secret }, { a: 'something else' }))),
    'an argument of the wrong type': () => inspect(thrown(() => Buffer.alloc(likeNumber))),
    'a report of the process': () =>
      JSON.stringify(
        (process.report.getReport(Object.assign(new Error('x'), { secret })) as Report)
          .javascriptStack,
      ),
  }
  type Report = { javascriptStack: unknown }

  // The error of an argument names only the type.
  const namesTheTypeAlone = new Set(['an argument of the wrong type'])

  test.each(Object.entries(ways))('%s', (way, print) => {
    const text = print()
    expect(carries(text)).toBe(false)
    if (namesTheTypeAlone.has(way)) expect(text).toContain('Secret')
    else expect(text).toContain('[secret]')
  })

  test.each(['%d', '%i', '%f'])('as no number at all with %s', (place) => {
    expect(format(place, secret)).toBe('NaN')
  })

  test('at every level of the log, in every place of a line', () => {
    const lines: string[] = []
    const log = createLogger({
      service: 'probe',
      level: 'trace',
      stream: { write: (line) => void lines.push(line) },
    })
    for (const level of ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const) {
      log[level]({ secret, deep: [{ secret }] }, 'with fields')
      log[level]('with a place %s %j %o', secret, secret, secret)
      log[level](secret, 'as the fields')
      log[level]({ err: Object.assign(new Error(anything), { secret, cause: secret }) }, 'failed')
    }
    log.child({ secret }).info('as a field of a child')
    const text = lines.join('')
    expect(lines).toHaveLength(25)
    expect(carries(text)).toBe(false)
    expect(text).toContain('[secret]')
  })
})

describe('carries nothing', () => {
  const ways: Record<string, () => unknown> = {
    'a structured clone': () => structuredClone({ secret }),
    'bytes of v8': () => serialize({ secret }).toString('latin1'),
    'a message between threads': () => {
      const { port1, port2 } = new MessageChannel()
      port1.postMessage({ secret })
      const received = receiveMessageOnPort(port2) as { message: unknown }
      port1.close()
      return received.message
    },
    'its keys': () => Object.keys(secret),
    'its entries': () => Object.entries(secret),
    'its own names': () => Object.getOwnPropertyNames(secret),
    'its own symbols': () => Object.getOwnPropertySymbols(secret),
    'its descriptors': () => Object.getOwnPropertyDescriptors(secret),
    'a copy by spreading': () => ({ ...fields }),
    'a copy by assigning': () => Object.assign({}, secret),
    'a walk with for': () => {
      const seen: unknown[] = []
      for (const key in secret) seen.push(key, fields[key])
      return seen
    },
    'a query string': () => stringify({ secret: anything }),
  }
  test.each(Object.entries(ways))('%s', (_way, copy) => {
    const copied = copy()
    expect(carries(inspect(copied, { showHidden: true, depth: null }))).toBe(false)
    expect(carries(JSON.stringify(copied))).toBe(false)
  })

  test('nothing can be hung on it', () => {
    expect(() => Object.assign(secret, { note: value })).toThrow(TypeError)
  })
})

test('the search for it finds what is there', () => {
  expect(forms.every((form) => carries(`x${form}x`))).toBe(true)
})
