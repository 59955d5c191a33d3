import { DbError } from '@callwire/db'
import { AppError } from '@callwire/runtime'
import { validatorCompiler } from 'fastify-type-provider-zod'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { ApiError } from './api-error.ts'
import { mapError } from './map-error.ts'

const leaky = 'postgres://user:password@host refused parameters +919876543210'
const app = (code: string) => new AppError({ code, message: leaky })
const framework = (statusCode: number) => Object.assign(new Error(leaky), { statusCode })

describe('mapError', () => {
  it.each([
    ['our refusal', new ApiError('call_already_live', 'x'), 409, 'call_already_live'],
    ['database away', new DbError({ code: 'unavailable' }), 503, 'unavailable'],
    ['database conflict', new DbError({ code: 'conflict' }), 409, 'conflict'],
    ['database refusing rights', new DbError({ code: 'permission' }), 500, 'internal'],
    ['redis away', app('unavailable'), 503, 'unavailable'],
    ['passwords queueing', app('busy'), 503, 'unavailable'],
    ['ledger without the call', app('no_such_call'), 404, 'not_found'],
    ['a seal that does not open', app('unseal_failed'), 500, 'internal'],
    ['body too large', framework(413), 413, 'payload_too_large'],
    ['a path part too long to be an id', framework(414), 404, 'not_found'],
    ['unknown type of body', framework(415), 415, 'unsupported_media_type'],
    ['malformed JSON', framework(400), 400, 'validation_failed'],
    ['handler too slow', framework(503), 503, 'unavailable'],
    ['a bug', new TypeError(leaky), 500, 'internal'],
    ['no error at all', leaky, 500, 'internal'],
  ])('%s', (_what, error, status, code) => {
    const answer = mapError(error)
    expect(answer).toMatchObject({ status, code })
    expect(answer.message).not.toContain('password')
    expect(answer.retryAfterS !== undefined).toBe(status === 503)
  })

  it('names the paths of what a schema refused, and repeats no value', () => {
    const schema = z.strictObject({ inner: z.strictObject({ age: z.number() }) })
    const validate = validatorCompiler({ schema, method: 'POST', url: '/', httpPart: 'body' })
    const result: unknown = validate({ inner: { age: 'secret-value', extra: 'secret-value' } })
    const first = (result as { error: unknown }).error
    const error = Object.assign(new Error(leaky), {
      validation: first,
      validationContext: 'body',
      statusCode: 400,
    })
    const answer = mapError(error)
    expect(answer).toMatchObject({
      status: 400,
      code: 'validation_failed',
      details: {
        issues: [
          { path: 'body.inner.age', rule: 'invalid_type' },
          { path: 'body.inner.extra', rule: 'unknown_field' },
        ],
      },
    })
    expect(JSON.stringify(answer)).not.toContain('secret-value')
  })
})
