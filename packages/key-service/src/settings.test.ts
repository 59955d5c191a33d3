import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { ConfigError } from '@callwire/runtime'
import { scratchDir } from '@callwire/testkit'
import { describe, expect, it } from 'vitest'

import { readKeyServiceSettings } from './settings.ts'

const vault = {
  KEY_SERVICE: 'vault',
  VAULT_ADDR: 'https://vault.example:8200/',
  VAULT_TOKEN: 'hvs.hunter2',
  VAULT_TRANSIT_KEY: 'callwire',
}
const kms = { KEY_SERVICE: 'aws-kms', AWS_KMS_KEY_ID: 'alias/callwire' }

function failure(env: NodeJS.ProcessEnv): ConfigError {
  try {
    readKeyServiceSettings(env)
  } catch (error) {
    if (error instanceof ConfigError) return error
  }
  throw new Error('it was accepted')
}

describe('readKeyServiceSettings', () => {
  it('is none where none is asked for, whatever else is set', () => {
    expect(readKeyServiceSettings({})).toBeNull()
    expect(readKeyServiceSettings({ ...vault, KEY_SERVICE: '' })).toBeNull()
  })

  it('takes what Vault needs', () => {
    const settings = readKeyServiceSettings({ ...vault, VAULT_NAMESPACE: 'team/a' })
    expect(settings).toMatchObject({
      kind: 'vault',
      address: 'https://vault.example:8200',
      transitKey: 'callwire',
      namespace: 'team/a',
    })
    expect(JSON.stringify(settings)).not.toContain('hunter2')
  })

  it('reads a token’s file again whenever it is needed', async () => {
    const dir = await scratchDir('vault-token')
    const file = join(dir, 'token')
    await writeFile(file, 'hvs.one\n')
    const { VAULT_TOKEN: _direct, ...rest } = vault
    const settings = readKeyServiceSettings({ ...rest, VAULT_TOKEN_FILE: file })
    if (settings?.kind !== 'vault') throw new Error('no settings')
    expect(settings.token().reveal()).toBe('hvs.one')
    await writeFile(file, 'hvs.two\n')
    expect(settings.token().reveal()).toBe('hvs.two')
    await rm(dir, { recursive: true })
    expect(() => settings.token()).toThrow('VAULT_TOKEN_FILE names a file')
  })

  it.each([
    [{ region: 'ap-south-1' }, { ...kms, AWS_REGION: 'ap-south-1' }],
    [{ region: undefined }, kms],
    [
      { region: 'eu-west-1' },
      { ...kms, AWS_KMS_KEY_ID: 'arn:aws:kms:eu-west-1:111122223333:key/1234abcd' },
    ],
    [
      { endpoint: 'http://127.0.0.1:4566' },
      { ...kms, AWS_ENDPOINT_URL_KMS: 'http://127.0.0.1:4566' },
    ],
  ])('knows %j of KMS', (expected, env) => {
    expect(readKeyServiceSettings(env)).toMatchObject({ kind: 'aws-kms', ...expected })
  })

  it.each(['VAULT_ADDR', 'VAULT_TOKEN', 'VAULT_TRANSIT_KEY'] as const)(
    'names %s when it is missing',
    (name) => {
      expect(failure({ ...vault, [name]: '' }).message).toBe(
        `${name} is not set, and KEY_SERVICE is vault.`,
      )
    },
  )

  it('names AWS_KMS_KEY_ID when it is missing', () => {
    expect(failure({ KEY_SERVICE: 'aws-kms' }).message).toBe(
      'AWS_KMS_KEY_ID is not set, and KEY_SERVICE is aws-kms.',
    )
  })

  it.each([
    [{ KEY_SERVICE: 'hunter2' }, 'KEY_SERVICE'],
    [{ ...vault, VAULT_ADDR: 'http://vault.hunter2.example:8200' }, 'VAULT_ADDR'],
    [{ ...vault, VAULT_ADDR: 'https://u:hunter2@vault.example' }, 'VAULT_ADDR'],
    [{ ...vault, VAULT_ADDR: 'ftp://hunter2' }, 'VAULT_ADDR'],
    [{ ...vault, VAULT_ADDR: 'http://127.0.0.1.hunter2.example' }, 'VAULT_ADDR'],
    [{ ...vault, VAULT_TOKEN: 'hunter2\nX-Evil: 1' }, 'VAULT_TOKEN'],
    [{ ...vault, VAULT_TRANSIT_KEY: '../sys/hunter2' }, 'VAULT_TRANSIT_KEY'],
    [{ ...vault, VAULT_NAMESPACE: 'hunter2\r\n' }, 'VAULT_NAMESPACE'],
    [{ ...kms, AWS_KMS_KEY_ID: 'hunter2 !' }, 'AWS_KMS_KEY_ID'],
    [{ ...kms, AWS_REGION: 'hunter2.example' }, 'AWS_REGION'],
    [{ ...kms, AWS_ENDPOINT_URL_KMS: 'http://kms.hunter2.example' }, 'AWS_ENDPOINT_URL_KMS'],
  ])('refuses %j, naming the variable alone', (env, name) => {
    const error = failure(env)
    expect(error.variables).toEqual([name])
    expect(error.message).not.toContain('hunter2')
  })
})
