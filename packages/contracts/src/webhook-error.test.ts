import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { webhookErrorCodes } from './webhook-error.ts'

const page = readFileSync(new URL('../../../docs/webhooks.md', import.meta.url), 'utf8')

test('the page for people lists every error as it is meant, and no other', () => {
  const rows = [...page.matchAll(/^\| `([a-z_]+)` \| ([^|]+?) \|/gm)]
  expect(Object.fromEntries(rows.map(([, code, meaning]) => [code, meaning]))).toEqual(
    webhookErrorCodes,
  )
})
