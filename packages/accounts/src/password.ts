import {
  randomBytes,
  scrypt as scryptCallback,
  timingSafeEqual,
  type ScryptOptions,
} from 'node:crypto'
import { AccountsError } from './accounts-error.ts'
import { createGate } from './gate.ts'

/** OWASP's password storage cheat sheet: N = 2^17, r = 8, p = 1, which takes 128 MiB. */
const COST = { ln: 17, r: 8, p: 1 }
const SALT_BYTES = 16
const KEY_BYTES = 32

/** More than any hash of ours needs, so that a tampered row cannot ask for gigabytes. */
const MAX_MEMORY_BYTES = 192 * 1024 * 1024
const LIMITS = { ln: 17, r: 8, p: 4 }

/**
 * One gate for the process, because memory and cores are the process's: two hashes take 256 MiB and
 * two of libuv's four threads, so that files and DNS still get theirs. The queue is what drains
 * within a few seconds, the most that a person waits for a login.
 */
const gate = createGate({ width: 2, queue: 16, onFull: () => new AccountsError('busy') })

/**
 * Hashes a password with scrypt, as text in PHC form: `$scrypt$ln=17,r=8,p=1$salt$key`.
 * Throws AccountsError `busy` when too many hashes wait already.
 */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(SALT_BYTES)
  const key = await gate(() => derive(password, salt, COST))
  const { ln, r, p } = COST
  return `$scrypt$ln=${ln},r=${r},p=${p}$${phcBase64(salt)}$${phcBase64(key)}`
}

/**
 * Whether the password is the one that was hashed. Takes as long when it is not. A text that is no
 * hash of ours is false. Throws AccountsError `busy`.
 */
export async function verifyPassword(hash: string, password: string): Promise<boolean> {
  const known = parseHash(hash)
  if (known === null) return false
  const key = await gate(() => derive(password, known.salt, known.cost))
  return timingSafeEqual(key, known.key)
}

/** Does the work of a check for somebody who does not exist, so that both take the same time. */
export async function verifyNothing(password: string): Promise<false> {
  await gate(() => derive(password, Buffer.alloc(SALT_BYTES), COST))
  return false
}

type Cost = { ln: number; r: number; p: number }

function derive(password: string, salt: Buffer, cost: Cost): Promise<Buffer> {
  const options: ScryptOptions = {
    N: 2 ** cost.ln,
    r: cost.r,
    p: cost.p,
    maxmem: MAX_MEMORY_BYTES,
  }
  // One spelling for each letter, whichever keyboard it came from (NIST SP 800-63B).
  const text = password.normalize('NFKC')
  return new Promise((resolve, reject) => {
    scryptCallback(text, salt, KEY_BYTES, options, (error, key) => {
      if (error === null) resolve(key)
      else reject(error)
    })
  })
}

const hashForm =
  /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,2}),p=(\d{1,2})\$([A-Za-z0-9+/]{22})\$([A-Za-z0-9+/]{43})$/

function parseHash(hash: string): { cost: Cost; salt: Buffer; key: Buffer } | null {
  const [, ln, r, p, salt = '', key = ''] = hashForm.exec(hash) ?? []
  const cost = { ln: Number(ln), r: Number(r), p: Number(p) }
  const sane = (name: keyof Cost) => cost[name] >= 1 && cost[name] <= LIMITS[name]
  if (!sane('ln') || !sane('r') || !sane('p')) return null
  return { cost, salt: Buffer.from(salt, 'base64'), key: Buffer.from(key, 'base64') }
}

/** PHC's base64: the usual alphabet without padding. */
function phcBase64(bytes: Buffer): string {
  return bytes.toString('base64').replaceAll('=', '')
}
