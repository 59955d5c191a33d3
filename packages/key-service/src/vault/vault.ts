import { z } from 'zod'

import type { KeyService } from '../key-service.ts'
import type { VaultSettings } from '../settings.ts'
import { fromBase64, requireKey } from '../wrapped-key.ts'
import { post } from './post.ts'
import { notItsOwn, vaultFailure } from './vault-failure.ts'

const wrappedForm = /^vault:v\d{1,9}:[A-Za-z0-9+/]{1,4096}={0,2}$/
const decrypted = z.object({ data: z.object({ plaintext: z.string() }) })
const encrypted = z.object({ data: z.object({ ciphertext: z.string().regex(wrappedForm) }) })

/** Vault's transit engine, mounted at `transit/`, over its HTTP API. */
export function createVault(settings: VaultSettings, timeoutMs: number): KeyService {
  const { address, transitKey, namespace } = settings
  const where = `Vault at ${new URL(address).host}`

  const ask = async <S extends z.ZodType>(
    operation: 'encrypt' | 'decrypt',
    body: Record<string, string>,
    answer: S,
  ): Promise<z.output<S>> => {
    const posted = await post({
      url: `${address}/v1/transit/${operation}/${transitKey}`,
      headers: {
        'x-vault-token': settings.token().reveal(),
        // A Vault Proxy may be told to answer nothing without it.
        'x-vault-request': 'true',
        ...(namespace === undefined ? {} : { 'x-vault-namespace': namespace }),
      },
      body,
      timeoutMs,
    })
    if (posted.kind === 'answered' && posted.status === 200) {
      const parsed = answer.safeParse(posted.json)
      if (parsed.success) return parsed.data
    }
    throw vaultFailure(posted, where)
  }

  return {
    async wrap(key) {
      const plaintext = Buffer.from(key).toString('base64')
      const { data } = await ask('encrypt', { plaintext }, encrypted)
      return data.ciphertext
    },
    async unwrap(wrapped) {
      if (!wrappedForm.test(wrapped)) throw notItsOwn(where)
      const { data } = await ask('decrypt', { ciphertext: wrapped }, decrypted)
      return requireKey(fromBase64(data.plaintext), where)
    },
  }
}
