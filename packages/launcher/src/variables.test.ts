import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { launcherSchema } from './variables.ts'

const page = new URL('../../../docs/runbooks/configuration.md', import.meta.url)

test('every variable stands in the page that lists them', () => {
  const text = readFileSync(page, 'utf8')
  const missing = Object.keys(launcherSchema.shape).filter((name) => !text.includes(`\`${name}\``))
  expect(missing).toEqual([])
})
