import { rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describeRing, openContent, sealContent, type ServiceKeys } from '@callwire/crypto'
import type { KeyStore } from '@callwire/db'
import { Secret, systemRandom } from '@callwire/runtime'
import { captureLogs, eventually, scratchDir } from '@callwire/testkit'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { sealContexts } from '../contexts.ts'
import { faulty } from '../testing/faulty.ts'
import { fillSecrets } from '../testing/fill-secrets.ts'
import { quickClock } from '../testing/quick-clock.ts'
import { ringsOf, ringTexts } from '../testing/test-keys.ts'
import { createWorld, type World } from '../testing/world.ts'
import { parseNamedRing, type RingName } from '../rings.ts'
import { watchKeys, type HeldRing } from './watch-keys.ts'

let w: World
let dir: string
let opened: AsyncDisposableStack
beforeEach(async () => {
  w = await createWorld()
  dir = await scratchDir('rings')
  opened = new AsyncDisposableStack()
})
afterEach(async () => {
  await opened.disposeAsync()
  await w[Symbol.asyncDispose]()
  await rm(dir, { recursive: true })
})

const context = sealContexts.person('ten_1', 'cal_1')

/** A ring as a process has it that was given a file. */
async function ringFile(name: RingName, texts: ServiceKeys, process = 'p'): Promise<HeldRing> {
  const file = join(dir, `${process}-${name}`)
  const text = texts[name]
  await writeFile(file, `${text}\n`)
  return { name, ring: parseNamedRing(name, text), text: new Secret(text), file }
}

async function replaceFile(held: HeldRing, text: string): Promise<void> {
  const file = held.file ?? ''
  await writeFile(`${file}.new`, text)
  await rename(`${file}.new`, file)
}

async function watch(rings: readonly HeldRing[], o: { keys?: KeyStore; service?: string } = {}) {
  const logs = captureLogs()
  const watched = await watchKeys({
    keys: o.keys ?? w.dialer.keys,
    service: o.service ?? 'dialer',
    rings,
    clock: quickClock,
    random: systemRandom,
    log: logs.log,
    signal: new AbortController().signal,
  })
  opened.use(watched)
  return { watched, logs }
}

const kidsOf = (held: HeldRing) => describeRing(held.ring).keys.map(({ kid }) => kid)
const sealerOf = (held: HeldRing) => describeRing(held.ring).primary
const messages = (logs: ReturnType<typeof captureLogs>) =>
  logs.lines().map((line) => [line['msg'], line['reason']].filter(Boolean).join(': '))

describe('starting with rings that do not fit the database', () => {
  it('refuses without a key that rows name, and names it with the counts', async () => {
    await fillSecrets(w.sql, ringsOf('k1'), { from: 0, to: 12, tenants: 3 })
    const texts = ringTexts('k2')
    await expect(watch([await ringFile('CREDENTIAL_OPEN_KEYS', texts)])).rejects.toMatchObject({
      name: 'KeyringError',
      code: 'key_missing',
      message:
        '12 rows are sealed under key k1, which is not in CREDENTIAL_OPEN_KEYS (phone_credentials: 12). Put that key back: without it these rows cannot be read.',
    })
    const content = watch([await ringFile('CONTENT_KEYS', texts)])
    await expect(content).rejects.toThrow(/^96 rows .* CONTENT_KEYS \(.*calls\.person: 12/)
    expect(await w.dialer.keys.holders()).toEqual([])
    await watch([await ringFile('CALLBACK_KEYS', texts)])
  })

  it('refuses another key under a known id, in either half of a pair', async () => {
    await watch([await ringFile('CREDENTIAL_SEAL_KEYS', ringTexts('k1'))])
    const other = ringTexts('k9').CREDENTIAL_OPEN_KEYS.replace('k9', 'k1')
    const texts = { ...ringTexts('k1'), CREDENTIAL_OPEN_KEYS: other }
    const second = watch([await ringFile('CREDENTIAL_OPEN_KEYS', texts)])
    await expect(second).rejects.toMatchObject({ code: 'key_mismatch' })
    await expect(second).rejects.toThrow(/^The key k1 of CREDENTIAL_OPEN_KEYS is not what/)
  })

  it('refuses without the install’s primary', async () => {
    await w.gateway.keys.introduce('k2', { primary: 'k1' })
    await w.gateway.keys.promote('k2', { from: 'k1' })
    await expect(watch([await ringFile('CONTENT_KEYS', ringTexts('k1'))])).rejects.toMatchObject({
      code: 'primary_missing',
      message: 'This install seals with key k2, which is not in CONTENT_KEYS. Put that key back.',
    })
  })

  it('refuses on a database restored from before a key was retired, and not before', async () => {
    await fillSecrets(w.sql, ringsOf('k2'), { from: 0, to: 3, tenants: 1 })
    await w.gateway.keys.introduce('k2', { primary: 'k1' })
    await w.gateway.keys.promote('k2', { from: 'k1' })
    await w.gateway.keys.retire('k1')
    await watch([await ringFile('CONTENT_KEYS', ringTexts('k2'))])
    await fillSecrets(w.sql, ringsOf('k1'), { from: 3, to: 5, tenants: 1 })
    const restored = watch([await ringFile('CONTENT_KEYS', ringTexts('k2'))])
    await expect(restored).rejects.toThrow(/^16 rows are sealed under key k1,/)
  })
})

describe('a running process', () => {
  it('seals with the text’s first key until one is promoted, then with that', async () => {
    const texts = ringTexts('k1', 'k2')
    const rings = [await ringFile('CONTENT_KEYS', texts), await ringFile('CALLBACK_KEYS', texts)]
    const { watched } = await watch(rings)
    expect(rings.map(sealerOf)).toEqual(['k1', 'k1'])
    await w.gateway.keys.introduce('k2', { primary: 'k1' })
    await w.gateway.keys.promote('k2', { from: 'k1' })
    await eventually(() => rings.every((held) => sealerOf(held) === 'k2'))
    await watched.check()
    expect(watched.kids()).toContainEqual({ kid: 'k2', ring: 'CALLBACK_KEYS', primary: true })
    expect(watched.kids()).toContainEqual({ kid: 'k1', ring: 'CONTENT_KEYS', primary: false })
    await eventually(async () => (await w.dialer.keys.holders())[0]?.primary === 'k2')
  })

  it('takes up a key that is added to its files, and tells what all its rings hold', async () => {
    const texts = ringTexts('k1')
    const content = await ringFile('CONTENT_KEYS', texts)
    const callback = await ringFile('CALLBACK_KEYS', texts)
    await watch([content, callback])
    const more = ringTexts('k2', 'k1')
    await replaceFile(content, more.CONTENT_KEYS)
    await eventually(() => kidsOf(content).includes('k2'))
    // First in the file is not promoted: other processes read theirs at another moment.
    expect(sealerOf(content)).toBe('k1')
    expect(await w.dialer.keys.holders()).toMatchObject([{ kids: ['k1'], primary: 'k1' }])
    await replaceFile(callback, more.CALLBACK_KEYS)
    await eventually(async () => (await w.dialer.keys.holders())[0]?.kids.includes('k2'))
  })

  it.each([
    ['half written', (text: string) => text.slice(0, text.length - 5), 'malformed'],
    ['empty', () => '', 'malformed'],
    ['another ring’s', () => ringTexts('k1').CREDENTIAL_OPEN_KEYS, 'malformed'],
    [
      'cut before a key that rows name',
      () => ringTexts('k2').CONTENT_KEYS,
      'lacks keys that are needed',
    ],
    [
      'of another key under the same id',
      () => ringTexts('k8').CONTENT_KEYS.replace('k8', 'k1'),
      'another key under the same id',
    ],
  ])(
    'keeps its keys when a file is %s, says so once, and heals',
    async (_name, breakIt, reason) => {
      await fillSecrets(w.sql, ringsOf('k1'), { from: 0, to: 1, tenants: 1 })
      const held = await ringFile('CONTENT_KEYS', ringTexts('k1'))
      const { logs } = await watch([held])
      const sealed = sealContent(held.ring as never, context, 'text')
      await replaceFile(held, breakIt(held.text.reveal()))
      const told = `ring file not taken up: ${reason}`
      await eventually(() => messages(logs).includes(told))
      await quickClock.sleep(20)
      await quickClock.sleep(20)
      await quickClock.sleep(20)
      expect(messages(logs).filter((message) => message === told)).toHaveLength(1)
      expect(openContent(held.ring as never, context, sealed).toString()).toBe('text')
      await replaceFile(held, ringTexts('k1', 'k3').CONTENT_KEYS)
      await eventually(() => kidsOf(held).includes('k3'))
      expect(logs.text()).not.toContain(held.text.reveal().slice(3, 20))
    },
  )

  it('goes on with what it has while a file is missing', async () => {
    const held = await ringFile('CONTENT_KEYS', ringTexts('k1'))
    const { watched, logs } = await watch([held])
    await rm(held.file ?? '')
    await eventually(() => messages(logs).includes('ring file not taken up: unreadable'))
    await watched.check()
    expect(kidsOf(held)).toEqual(['k1'])
  })

  it('is not ready while a promoted key is not in its files', async () => {
    const held = await ringFile('CONTENT_KEYS', ringTexts('k1'))
    const { watched } = await watch([held])
    await w.gateway.keys.introduce('k2', { primary: 'k1' })
    await w.gateway.keys.promote('k2', { from: 'k1' })
    await eventually(() =>
      watched.check().then(
        () => false,
        () => true,
      ),
    )
    await expect(watched.check()).rejects.toMatchObject({ code: 'primary_missing' })
    expect(sealerOf(held)).toBe('k1')
    await replaceFile(held, ringTexts('k1', 'k2').CONTENT_KEYS)
    await eventually(() =>
      watched.check().then(
        () => true,
        () => false,
      ),
    )
    expect(sealerOf(held)).toBe('k2')
  })

  it('drops a retired key, also when it starts with it in its file', async () => {
    const first = await ringFile('CONTENT_KEYS', ringTexts('k1', 'k2'), 'first')
    await watch([first])
    await w.gateway.keys.introduce('k2', { primary: 'k1' })
    await w.gateway.keys.promote('k2', { from: 'k1' })
    await w.gateway.keys.retire('k1')
    await eventually(() => kidsOf(first).join() === 'k2')
    const second = await ringFile('CONTENT_KEYS', ringTexts('k1', 'k2'), 'second')
    await watch([second])
    expect(kidsOf(second)).toEqual(['k2'])
  })

  it('keeps a retired key for the row that was sealed with it too late', async () => {
    await fillSecrets(w.sql, ringsOf('k1'), { from: 0, to: 1, tenants: 1 })
    await w.gateway.keys.introduce('k2', { primary: 'k1' })
    await w.gateway.keys.promote('k2', { from: 'k1' })
    await w.gateway.keys.retire('k1')
    const held = await ringFile('CONTENT_KEYS', ringTexts('k1', 'k2'))
    await watch([held])
    expect(kidsOf(held)).toEqual(['k2', 'k1'])
  })

  it('goes on with what it has while Postgres is away, and follows when it is back', async () => {
    let away = false
    const keys = faulty(w.dialer.keys, {
      before: () => {
        if (away) throw new Error('away')
      },
    })
    const held = await ringFile('CONTENT_KEYS', ringTexts('k1', 'k2'))
    const { watched, logs } = await watch([held], { keys })
    away = true
    await eventually(() => messages(logs).includes('keys not looked at'))
    await quickClock.sleep(20)
    await quickClock.sleep(20)
    await quickClock.sleep(20)
    await w.gateway.keys.introduce('k2', { primary: 'k1' })
    await w.gateway.keys.promote('k2', { from: 'k1' })
    await watched.check()
    expect(sealerOf(held)).toBe('k1')
    away = false
    await eventually(() => sealerOf(held) === 'k2')
    expect(messages(logs).filter((m) => m === 'keys not looked at')).toHaveLength(1)
    await eventually(() => messages(logs).includes('keys looked at again'))
  })

  it('is known among the live while it runs, and says goodbye', async () => {
    const { watched } = await watch([await ringFile('CONTENT_KEYS', ringTexts('k1'), 'a')])
    await watch([await ringFile('CONTENT_KEYS', ringTexts('k1'), 'b')], {
      keys: w.gateway.keys,
      service: 'gateway',
    })
    const services = async () => (await w.dialer.keys.holders()).map((holder) => holder.service)
    expect(await services()).toEqual(['dialer', 'gateway'])
    await watched[Symbol.asyncDispose]()
    expect(await services()).toEqual(['gateway'])
  })
})
