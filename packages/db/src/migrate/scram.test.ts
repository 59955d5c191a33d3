import { createHmac } from 'node:crypto'
import { expect, test } from 'vitest'
import { scramVerifier, verifierOf } from './scram.ts'

test('holds the keys of the exchange in RFC 7677 section 3', async () => {
  const salt = Buffer.from('W22ZaJ0SNY7soEsUEjb6gQ==', 'base64')
  const nonce = 'rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0'
  const exchange = [
    'n=user,r=rOprNGfwEbeRWgbNEkqO',
    `r=${nonce},s=${salt.toString('base64')},i=4096`,
    `c=biws,r=${nonce}`,
  ]
  const verifier = await verifierOf('pencil', salt)
  const serverKey = Buffer.from(verifier.slice(verifier.lastIndexOf(':') + 1), 'base64')
  const signature = createHmac('sha256', serverKey).update(exchange.join(',')).digest('base64')
  expect(signature).toBe('6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=')
  expect(verifier).toMatch(/^SCRAM-SHA-256\$4096:W22ZaJ0SNY7soEsUEjb6gQ==\$/)
})

test('two verifiers of one password differ', async () => {
  expect(await scramVerifier('a-password')).not.toBe(await scramVerifier('a-password'))
})

test.each(['', 'short', 'with space in it', 'naïve-password', "quote'\n-password"])(
  'refuses %j, which the server might spell otherwise',
  async (password) => {
    await expect(scramVerifier(password)).rejects.toMatchObject({ code: 'migration' })
  },
)
