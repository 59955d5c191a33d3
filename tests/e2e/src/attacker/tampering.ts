import { randomBytes } from 'node:crypto'
import type pg from 'pg'

export type Victim = { phoneId: string; donorId: string; strangerId: string }

/** What somebody who writes the database may do to a sealed row, so that its credentials go elsewhere or come from elsewhere. */
export type Tampering = {
  name: string
  apply(client: pg.Client, victim: Victim): Promise<unknown>
}

const take = (columns: string) => `update app.phone_credentials a set ${columns}
  from app.phone_credentials b where a.phone_id = $1 and b.phone_id = $2`
const set = (columns: string) => `update app.phone_credentials set ${columns} where phone_id = $1`

/** A text that has the form of a sealed credential, under a key id of choice. */
const madeUp = (kid: string) =>
  `cw1c.${kid}.${randomBytes(32).toString('base64url')}.${randomBytes(50).toString('base64url')}`

/** @param elsewhere - a host the install may speak to, and an account there that is the attacker's */
export const tamperings = (elsewhere: { host: string; sid: string; kid: string }): Tampering[] => [
  {
    name: 'both fields of another phone of the tenant',
    apply: (client, { phoneId, donorId }) =>
      client.query(take('enc_api_key = b.enc_api_key, enc_api_token = b.enc_api_token'), [
        phoneId,
        donorId,
      ]),
  },
  {
    name: 'one field of another phone of the tenant',
    apply: (client, { phoneId, donorId }) =>
      client.query(take('enc_api_token = b.enc_api_token'), [phoneId, donorId]),
  },
  {
    name: 'both fields of a phone of another tenant',
    apply: (client, { phoneId, strangerId }) =>
      client.query(take('enc_api_key = b.enc_api_key, enc_api_token = b.enc_api_token'), [
        phoneId,
        strangerId,
      ]),
  },
  {
    name: 'key and token exchanged',
    apply: (client, { phoneId }) =>
      client.query(set('enc_api_key = enc_api_token, enc_api_token = enc_api_key'), [phoneId]),
  },
  {
    name: 'the token in both fields',
    apply: (client, { phoneId }) => client.query(set('enc_api_key = enc_api_token'), [phoneId]),
  },
  {
    name: 'another host',
    apply: (client, { phoneId }) => client.query(set('subdomain = $2'), [phoneId, elsewhere.host]),
  },
  {
    name: 'another account',
    apply: (client, { phoneId }) => client.query(set('sid = $2'), [phoneId, elsewhere.sid]),
  },
  {
    name: 'another version',
    apply: (client, { phoneId }) => client.query(set('version = version + 1'), [phoneId]),
  },
  {
    name: 'a text that was made up',
    apply: (client, { phoneId }) =>
      client.query(set('enc_api_key = $2, enc_api_token = $3'), [
        phoneId,
        madeUp(elsewhere.kid),
        madeUp(elsewhere.kid),
      ]),
  },
  {
    name: 'a key that nobody has',
    apply: (client, { phoneId }) =>
      client.query(set('enc_api_key = $2, enc_api_token = $3'), [
        phoneId,
        madeUp('k99'),
        madeUp('k99'),
      ]),
  },
]
