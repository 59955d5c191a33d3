import { createHash, createHmac, pbkdf2 as pbkdf2Callback, randomBytes } from 'node:crypto'
import { promisify } from 'node:util'
import { DbError } from '../db-error.ts'

const pbkdf2 = promisify(pbkdf2Callback)

/** PostgreSQL's own defaults (scram_iterations, SCRAM_DEFAULT_SALT_LEN). */
const ITERATIONS = 4_096
const SALT_BYTES = 16
const KEY_BYTES = 32

/**
 * The SCRAM-SHA-256 verifier of a password, with a new salt. Sent in place of the password, so that
 * the clear text reaches neither the server nor its statement log.
 *
 * Takes printable ASCII, which SASLprep (RFC 4013) leaves as it is; throws DbError `migration` for
 * anything else.
 */
export async function scramVerifier(password: string): Promise<string> {
  if (!/^[\x21-\x7e]{8,256}$/.test(password)) {
    throw new DbError({
      code: 'migration',
      message: 'A database password must be 8 to 256 printable ASCII characters without spaces',
    })
  }
  return verifierOf(password, randomBytes(SALT_BYTES))
}

/** A verifier as PostgreSQL stores it (RFC 5803): iterations, salt, StoredKey and ServerKey. */
export async function verifierOf(password: string, salt: Buffer): Promise<string> {
  const salted = await pbkdf2(password, salt, ITERATIONS, KEY_BYTES, 'sha256')
  const clientKey = createHmac('sha256', salted).update('Client Key').digest()
  const storedKey = createHash('sha256').update(clientKey).digest('base64')
  const serverKey = createHmac('sha256', salted).update('Server Key').digest('base64')
  return `SCRAM-SHA-256$${ITERATIONS}:${salt.toString('base64')}$${storedKey}:${serverKey}`
}
