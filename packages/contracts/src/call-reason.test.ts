import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { callReasonCodes, reasonOf } from './call-reason.ts'
import { reasonSchema } from './call.ts'

const page = readFileSync(new URL('../../../docs/call-reasons.md', import.meta.url), 'utf8')

test('the page for people lists every reason as it is meant, and no other', () => {
  const rows = [...page.matchAll(/^\| `([a-z_]+)` \| ([^|]+?) \|/gm)]
  expect(Object.fromEntries(rows.map(([, code, meaning]) => [code, meaning]))).toEqual(
    callReasonCodes,
  )
})

test('every code is one that a status may carry', () => {
  for (const code of Object.keys(callReasonCodes) as (keyof typeof callReasonCodes)[]) {
    expect(reasonSchema.safeParse(reasonOf(code, 'A sentence.')).success).toBe(true)
  }
})
