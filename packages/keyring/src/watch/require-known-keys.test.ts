import type { SealedPlace } from '@callwire/db'
import { describe, expect, it } from 'vitest'
import { missingSentence, requireKnownKeys } from './require-known-keys.ts'

function storeOf(rows: readonly [SealedPlace, kid: string, rows: number][]) {
  return {
    keyIds: () => Promise.resolve(rows.map(([place, kid]) => ({ place, kid }))),
    keyRows: (place: SealedPlace, kid: string) =>
      Promise.resolve(rows.find((row) => row[0] === place && row[1] === kid)?.[2] ?? 0),
  }
}

const store = storeOf([
  ['phone_credentials', 'k1', 1_200],
  ['calls.person', 'k1', 34],
  ['calls.person', 'k2', 1_000_000],
])

describe('the keys that rows name', () => {
  it('are all there', async () => {
    await requireKnownKeys(store, ['k2', 'k1'], { variable: 'ENCRYPTION_KEYS' })
    await requireKnownKeys(store, ['k2'], { variable: 'CALLBACK_KEYS', places: [] })
    await requireKnownKeys(store, ['k1'], {
      variable: 'CREDENTIAL_OPEN_KEYS',
      places: ['phone_credentials'],
    })
  })

  it.each([
    [
      { kids: ['k2'], variable: 'ENCRYPTION_KEYS' },
      '1 234 rows are sealed under key k1, which is not in ENCRYPTION_KEYS (phone_credentials: 1 200, calls.person: 34). Put that key back: without it these rows cannot be read.',
    ],
    [
      { kids: ['k2'], variable: 'CONTENT_KEYS', places: ['calls.person'] as const },
      '34 rows are sealed under key k1, which is not in CONTENT_KEYS (calls.person: 34). Put that key back: without it these rows cannot be read.',
    ],
    [
      { kids: [], variable: 'CONTENT_KEYS', places: ['calls.person'] as const },
      '34 rows are sealed under key k1, which is not in CONTENT_KEYS (calls.person: 34). 1 000 000 rows are sealed under key k2, which is not in CONTENT_KEYS (calls.person: 1 000 000). Put those keys back: without them these rows cannot be read.',
    ],
  ])('are told with their counts when they are not: %#', async ({ kids, ...o }, message) => {
    await expect(requireKnownKeys(store, kids, o)).rejects.toMatchObject({
      code: 'key_missing',
      message,
      variables: [o.variable],
    })
  })

  it('are told of one row as of one', () => {
    expect(missingSentence('CONTENT_KEYS', [{ place: 'call_keys', kid: 'k1', rows: 1 }])).toContain(
      '1 row is sealed under key k1',
    )
  })
})
