import { format, inspect } from 'node:util'
import { expect, test } from 'vitest'
import { Secret } from './secret.ts'

test('shows itself only when asked by name', () => {
  const secret = new Secret('hunter2')
  const shown = [
    String(secret),
    JSON.stringify({ secret }),
    inspect({ deep: { secret } }, { showHidden: true, depth: 9 }),
    format('%s %o %j', secret, secret, secret),
    'x' + (secret as unknown as string),
    Object.values(secret).join(),
  ].join('\n')
  expect(shown).not.toContain('hunter2')
  expect(secret.reveal()).toBe('hunter2')
})
