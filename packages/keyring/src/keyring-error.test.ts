import { ConfigError } from '@callwire/runtime'
import { describe, expect, it } from 'vitest'
import { KeyringError } from './keyring-error.ts'

describe('a KeyringError', () => {
  it('ends a process as a wrong configuration does, with a code of its own', () => {
    const error = new KeyringError('key_missing', 'CONTENT_KEYS', 'Put it back.')
    expect(error).toBeInstanceOf(ConfigError)
    expect(error).toMatchObject({
      name: 'KeyringError',
      code: 'key_missing',
      message: 'Put it back.',
      variables: ['CONTENT_KEYS'],
    })
  })
})
