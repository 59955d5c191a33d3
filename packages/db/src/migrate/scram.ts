import { createHash, createHmac, pbkdf2 as pbkdf2Callback, randomBytes } from 'node:crypto'
import { promisify } from 'node:util'
import { DbError } from '../db-error.ts'

const pbkdf2 = promisify(pbkdf2Callback)

/** PostgreSQL's own defaults (scram_iterations, SCRAM_DEFAULT_SALT_LEN). */
const ITERATIONS = 4_096
const SALT_BYTES = 16
const KEY_BYTES = 32

/**
 * The SCRAM-SHA-256 verifier of a password (RFC 5803, as PostgreSQL stores it). Sent in place of the
 * password, so that the clear text reaches neither the server nor its statement log.
 *
 * Passwords are printable ASCII, which SASLprep (RFC 4013) leaves as it is.
 */
export async function scramVerifier(
  password: string,
  salt: Buffer = randomBytes(SALT_BYTES),
): Promise<string> {
  if (!/^[\x21-\x7e]{8,256}$/.test(password)) {
    throw new DbError({
      code: 'migration',
      message: 'A database password must be 8 to 256 printable ASCII characters without spaces',
    })
  }
  const salted = await pbkdf2(password, salt, ITERATIONS, KEY_BYTES, 'sha256')
  const clientKey = createHmac('sha256', salted).update('Client Key').digest()
  const storedKey = createHash('sha256').update(clientKey).digest('base64')
  const serverKey = createHmac('sha256', salted).update('Server Key').digest('base64')
  return `SCRAM-SHA-256$${ITERATIONS}:${salt.toString('base64')}$${storedKey}:${serverKey}`
}
