import { expect, test } from 'vitest'
import { emailSchema } from './auth.ts'

test.each([
  ['admin@localhost', 'admin@localhost'],
  ['Asha.Rao+calls@Acme.example', 'asha.rao+calls@acme.example'],
])('%s is %s', (text, email) => {
  expect(emailSchema.parse(text)).toBe(email)
})

test.each([
  '',
  'asha',
  '@acme.example',
  'a b@acme.example',
  'asha@acme.example\n',
  'a@b@c.example',
  `${'a'.repeat(250)}@b.in`,
])('%j is no address', (text) => expect(emailSchema.safeParse(text).success).toBe(false))
