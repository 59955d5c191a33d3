import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createTenant } from '@callwire/accounts'
import { ID_RANDOM_BYTES, newId, type IdKind } from '@callwire/contracts'
import {
  deriveServiceKeys,
  parseContentRing,
  parseMasterRing,
  parseOpenRing,
  sealContent,
} from '@callwire/crypto'
import { calls, connectDatabase, connectProvisioner, phones, type Provisioner } from '@callwire/db'
import { personIndex, runKeyJobs, sealContexts, watchKeys } from '@callwire/keyring'
import { every, Secret, systemClock, systemRandom } from '@callwire/runtime'
import { captureLogs, testDatabase } from '@callwire/testkit'
import { createProgram } from '../program.ts'
import { runCli } from '../run-cli.ts'

const parts = { clock: systemClock, random: systemRandom }

/** An entry of ENCRYPTION_KEYS. */
export const masterEntry = (kid: string) => `${kid}:${systemRandom(32).toString('base64')}`

/** Collects what is written; as a terminal when asked. */
export function sink(isTTY = false) {
  let text = ''
  return { isTTY, columns: 100, write: (more: string) => (text += more), read: () => text }
}

export type Answer = { code: number; out: string; err: string }
export type InstallUnderTest = Awaited<ReturnType<typeof installUnderTest>>

/** A database with a tenant, a keys file with `k1`, and services on demand that hold its keys. */
export async function installUnderTest() {
  const undo = new AsyncDisposableStack()
  const database = undo.use(await testDatabase())
  const dir = mkdtempSync(join(tmpdir(), 'callwire-keys-'))
  undo.defer(() => rmSync(dir, { recursive: true, force: true }))
  const keysFile = join(dir, 'ENCRYPTION_KEYS')
  writeFileSync(keysFile, `${masterEntry('k1')}\n`, { mode: 0o640 })
  const provisioner: Provisioner = connectProvisioner({ url: database.url })
  undo.defer(() => provisioner.close())
  const { tenantId } = await createTenant(
    { provisioner, ...parts },
    { name: 'Acme', email: 'owner@example.com' },
  )
  const connect = async (service: string) =>
    undo.adopt(
      await connectDatabase({ url: database.serviceUrl(service), applicationName: 'test' }),
      (opened) => opened.close(),
    )
  const id = (kind: IdKind) =>
    newId(kind, { nowMs: systemClock.now(), random: systemRandom(ID_RANDOM_BYTES) })
  const ringsNow = () => deriveServiceKeys(parseMasterRing(readFileSync(keysFile, 'utf8')))

  return {
    tenantId,
    provisioner,
    keysFile,
    keysText: () => readFileSync(keysFile, 'utf8'),
    /** Runs one command line. Without `keysFile: false` it knows the keys file. */
    async cli(
      args: string[],
      o: {
        env?: Record<string, string>
        keysFile?: boolean
        signal?: AbortSignal
        stdout?: ReturnType<typeof sink>
      } = {},
    ): Promise<Answer> {
      const stdout = o.stdout ?? sink()
      const stderr = sink()
      const env = {
        DATABASE_URL: database.url,
        ...(o.keysFile === false ? {} : { ENCRYPTION_KEYS_FILE: keysFile }),
        ...o.env,
      }
      const signal = o.signal ?? new AbortController().signal
      const program = createProgram({ env, cwd: '/nowhere', stdout, stderr, signal })
      const code = await runCli(program, args, stderr)
      return { code, out: stdout.read(), err: stderr.read() }
    },
    /** Calls whose person is sealed under the file's first key. */
    async addCalls(count: number): Promise<void> {
      const gateway = await connect('gateway')
      const ring = parseContentRing(ringsNow().CONTENT_KEYS)
      await gateway.withTenant(tenantId, async (tx) => {
        const phoneId = id('phone')
        await tx
          .insert(phones)
          .values({ tenantId, id: phoneId, number: '+918047112233', country: 'IN' })
        for (let n = 0; n < count; n += 1) {
          const callId = id('call')
          const number = `+9198765${String(10_000 + n)}`
          await tx.insert(calls).values({
            tenantId,
            id: callId,
            phoneId,
            direction: 'inbound',
            status: 'completed',
            personSealed: sealContent(ring, sealContexts.person(tenantId, callId), number),
            personMasked: '+9198********',
            personIndex: personIndex(ring, tenantId, number)[0] ?? '',
          })
        }
      })
    },
    /** A dialer as far as keys go: it follows the file as the launcher and a process would, and works jobs. */
    async startDialer(): Promise<AsyncDisposable> {
      const dialer = await connect('dialer')
      const stopping = new AbortController()
      const own = new AsyncDisposableStack()
      const { log } = captureLogs({ service: 'dialer' })
      const texts = ringsNow()
      const contentRing = parseContentRing(texts.CONTENT_KEYS)
      const credentialRing = parseOpenRing(texts.CREDENTIAL_OPEN_KEYS)
      const files = { content: join(dir, 'CONTENT_KEYS'), open: join(dir, 'CREDENTIAL_OPEN_KEYS') }
      const hand = () => {
        const now = ringsNow()
        writeFileSync(files.content, now.CONTENT_KEYS)
        writeFileSync(files.open, now.CREDENTIAL_OPEN_KEYS)
        return Promise.resolve()
      }
      await hand()
      own.use(
        await watchKeys({
          keys: dialer.keys,
          service: 'dialer',
          rings: [
            {
              name: 'CONTENT_KEYS',
              ring: contentRing,
              text: new Secret(texts.CONTENT_KEYS),
              file: files.content,
            },
            {
              name: 'CREDENTIAL_OPEN_KEYS',
              ring: credentialRing,
              text: new Secret(texts.CREDENTIAL_OPEN_KEYS),
              file: files.open,
            },
          ],
          log,
          signal: stopping.signal,
          ...parts,
        }),
      )
      const repeat = (name: string, work: () => Promise<void>) =>
        own.use(every(100, work, { clock: systemClock, signal: stopping.signal, log, name }))
      repeat('hand out keys', hand)
      repeat('key jobs', () =>
        runKeyJobs({
          database: dialer,
          credentialRing,
          contentRing,
          clock: systemClock,
          log,
          owner: `dialer-${process.pid}`,
          stopping: stopping.signal,
        }),
      )
      const end = async () => {
        stopping.abort()
        await own.disposeAsync()
      }
      let ended: Promise<void> | null = null
      const once = () => (ended ??= end())
      undo.defer(once)
      return { [Symbol.asyncDispose]: once }
    },
    [Symbol.asyncDispose]: () => undo.disposeAsync(),
  }
}
