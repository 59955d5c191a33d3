import { idSchemas, roleSchema, type Role } from '@callwire/contracts'
import type { Clock } from '@callwire/runtime'
import { jwtVerify, SignJWT } from 'jose'
import { z } from 'zod'

/** A session token is short-lived: what it says of a role is checked in Postgres anyway. */
export const SESSION_TOKEN_S = 900
/** As long as one sitting of whoever streams in; a new one is one request away. */
export const INGEST_TOKEN_S = 3_600
/** How far two clocks may differ. */
const LEEWAY_S = 30

const algorithm = 'HS256'
const required = ['sub', 'tid', 'role', 'aud', 'iat', 'exp']

export type SessionClaims = { userId: string; tenantId: string; role: Role; sessionId: string }
export type IngestClaims = { kind: 'phone' | 'call'; id: string; tenantId: string }

export type Tokens = {
  /** `expiresIn` is in seconds. */
  signSession(claims: SessionClaims): Promise<{ token: string; expiresIn: number }>
  /** Null for anything but a session token that holds now. */
  verifySession(token: string): Promise<SessionClaims | null>
  signIngest(claims: IngestClaims): Promise<{ token: string; expiresAt: Date }>
  verifyIngest(token: string): Promise<IngestClaims | null>
}

const times = { iat: z.int(), exp: z.int(), nbf: z.number().optional() }

const sessionPayload = z.object({
  ...times,
  aud: z.literal('session'),
  sub: idSchemas.user,
  tid: idSchemas.tenant,
  role: roleSchema,
  sid: idSchemas.session,
})

const ingestPayload = z.object({
  ...times,
  aud: z.literal('ingest'),
  sub: z.union([idSchemas.phone, idSchemas.call]),
  tid: idSchemas.tenant,
  role: z.literal('ingest'),
})

/**
 * Signs and checks Callwire's JWTs (RFC 7519): HS256 alone, all of `sub tid role aud iat exp`
 * required, `nbf` obeyed, an unknown `crit` refused, {@link LEEWAY_S} of leeway. A session's token
 * also names its session (`sid`).
 */
export function createTokens(o: { jwtSecret: string; clock: Pick<Clock, 'now'> }): Tokens {
  const key = new TextEncoder().encode(o.jwtSecret)

  const sign = async (payload: Record<string, string>, seconds: number) => {
    const now = Math.floor(o.clock.now() / 1000)
    const token = await new SignJWT(payload)
      .setProtectedHeader({ alg: algorithm, typ: 'JWT' })
      .setIssuedAt(now)
      .setExpirationTime(now + seconds)
      .sign(key)
    return { token, expiresAt: new Date((now + seconds) * 1000) }
  }

  const verify = async <S extends z.ZodType>(
    token: string,
    audience: 'session' | 'ingest',
    schema: S,
  ): Promise<z.output<S> | null> => {
    try {
      const { payload } = await jwtVerify(token, key, {
        algorithms: [algorithm],
        audience,
        requiredClaims: required,
        clockTolerance: LEEWAY_S,
        currentDate: new Date(o.clock.now()),
      })
      return schema.safeParse(payload).data ?? null
    } catch {
      // Which check it failed is nobody's business: a token holds or it does not.
      return null
    }
  }

  return {
    signSession: async ({ userId, tenantId, role, sessionId }) => {
      const payload = { sub: userId, tid: tenantId, role, sid: sessionId, aud: 'session' }
      const { token } = await sign(payload, SESSION_TOKEN_S)
      return { token, expiresIn: SESSION_TOKEN_S }
    },
    verifySession: async (token) => {
      const claims = await verify(token, 'session', sessionPayload)
      if (claims === null) return null
      return { userId: claims.sub, tenantId: claims.tid, role: claims.role, sessionId: claims.sid }
    },
    signIngest: ({ id, tenantId }) =>
      sign({ sub: id, tid: tenantId, role: 'ingest', aud: 'ingest' }, INGEST_TOKEN_S),
    verifyIngest: async (token) => {
      const claims = await verify(token, 'ingest', ingestPayload)
      if (claims === null) return null
      const kind = idSchemas.phone.safeParse(claims.sub).success ? 'phone' : 'call'
      return { kind, id: claims.sub, tenantId: claims.tid }
    },
  }
}
