import { keyIdSchema } from '@callwire/contracts'
import type { KeyLife, KeyProcess } from '@callwire/keyring'
import { systemClock } from '@callwire/runtime'
import type { Command } from 'commander'
import { createTerminal } from '../call-view/terminal.ts'
import { CliFailure } from '../failure.ts'
import { kidsIn, nextKid, readKeysFile, replaceKeysFile, withEntry } from '../keys/keys-file.ts'
import { makeEntry } from '../keys/make-entry.ts'
import { refused } from '../keys/next-step.ts'
import { operator, withKeyLife } from '../keys/with-key-life.ts'
import type { Context } from './context.ts'

type Options = { kid?: string; wait: boolean }

/** The launcher looks within 30 s, processes 2 s after it; the rest is patience. */
const waitMs = 90_000
const lookEveryMs = 1_000

/** `keys introduce`: a key that processes hold, and that seals nothing yet. */
export function registerKeysIntroduce(keys: Command, context: Context): void {
  keys
    .command('introduce [kid]')
    .description(
      'make a key, give it to the processes by the keys file, and wait until each of them holds it',
    )
    .option('--kid <kid>', 'its id; otherwise the next free k<n>')
    .option('--no-wait', 'do not wait for the processes')
    .action((argument: string | undefined, options: Options) =>
      withKeyLife(context, (life) => introduce(life, argument ?? options.kid, options.wait)),
    )

  async function introduce(life: KeyLife, wanted: string | undefined, wait: boolean) {
    const file = context.target.keysFile()
    const kid = await ensureKey(life, { file, wanted })
    const lacking = await introduced(life, kid)
    const left = wait && lacking.length > 0 ? await untilHeld(life, kid) : lacking
    if (wait && left.length > 0) throw stillLacking(kid, left)
    const next = left.length === 0 ? `next: callwire keys promote ${kid}` : lackingLine(left)
    const lines = [`${kid} is introduced`, next]
    context.output().result({ kid, keysFile: file, lacking: left }, lines.join('\n'))
  }

  /** Makes the key where it is nowhere yet, and gives its id. */
  async function ensureKey(
    life: KeyLife,
    o: { file: string | null; wanted: string | undefined },
  ): Promise<string> {
    const { keys: known, processes } = await life.status()
    const text = o.file === null ? '' : readKeysFile(o.file)
    const inFile = kidsIn(text)
    const kid = o.wanted ?? nextKid([...inFile, ...known.map((key) => key.kid)])
    if (!keyIdSchema.safeParse(kid).success) {
      throw new CliFailure('A key id is 1 to 32 of a-z, 0-9 and hyphens.')
    }
    const state = known.find((key) => key.kid === kid)?.state
    if (state === 'missing') {
      throw new CliFailure(
        `Rows are sealed under a key ${kid} already, which nobody holds. Put that key back into ENCRYPTION_KEYS; a new one needs another id.`,
      )
    }
    if (state === 'retired') throw refused({ kind: 'retired', kid })
    if (inFile.includes(kid) || processes.some((one) => one.kids.includes(kid))) return kid
    const entry = await makeEntry(kid, context)
    if (o.file === null) {
      context
        .output()
        .result({ kid, entry }, `add this at the end of ENCRYPTION_KEYS, after a comma:\n${entry}`)
      throw new CliFailure(
        `No keys file is known here, so the key ${kid} could not be given to anybody. Add the entry above at the end of ENCRYPTION_KEYS, restart the services one by one, and run \`callwire keys introduce ${kid}\` again.`,
      )
    }
    requireLikeness(text, entry)
    replaceKeysFile(o.file, withEntry(text, entry))
    return kid
  }

  async function untilHeld(life: KeyLife, kid: string): Promise<KeyProcess[]> {
    const output = context.output()
    const terminal = createTerminal(output.stream)
    const until = systemClock.monotonicMs() + waitMs
    let told = ''
    for (;;) {
      const lacking = await introduced(life, kid)
      const over = lacking.length === 0 || systemClock.monotonicMs() >= until
      if (!output.json) {
        const line = lacking.length === 0 ? '' : lackingLine(lacking)
        terminal.live(over ? null : line)
        if (output.stream.isTTY !== true && line !== '' && line !== told) terminal.keep([line])
        told = line
      }
      if (over || context.signal.aborted) return lacking
      await systemClock.sleep(lookEveryMs, context.signal).catch(() => undefined)
    }
  }
}

async function introduced(life: KeyLife, kid: string): Promise<KeyProcess[]> {
  const outcome = await life.introduce(kid, operator)
  if (outcome.kind === 'refused') throw refused(outcome.refusal)
  return outcome.lacking
}

/** A plain key among wrapped ones would stand in the clear, and could not be unwrapped either. */
function requireLikeness(text: string, entry: string): void {
  const isPlain = (one: string) => /^([a-z0-9-]+:)?[A-Za-z0-9+/]{43}=$/.test(one.trim())
  const present = text.split(',').filter((one) => one.trim() !== '')
  if (present.length === 0 || present.some(isPlain) === isPlain(entry)) return
  throw new CliFailure(
    isPlain(entry)
      ? 'The keys file holds keys that a key service wrapped. Set KEY_SERVICE and its variables here as for the launcher, then try again.'
      : 'KEY_SERVICE is set, and the keys file holds keys in the clear. Use the setting that the launcher has, then try again.',
  )
}

function lackingLine(lacking: readonly KeyProcess[]): string {
  return `lacking: ${lacking.map(({ service, instance }) => `${service} (${instance})`).join(', ')}`
}

function stillLacking(kid: string, lacking: readonly KeyProcess[]): CliFailure {
  return new CliFailure(
    `${kid} is introduced, and not yet held by ${lacking.map(({ service }) => service).join(', ')}. A process with keys in its environment takes them up when it is restarted; then run \`callwire keys introduce ${kid}\` again.`,
    { code: 'not_held', details: { kid, processes: lacking } },
  )
}
