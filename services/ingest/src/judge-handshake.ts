import type { Admission } from './admission.ts'
import { authenticate, type AuthenticateDeps } from './authenticate.ts'
import { clientOf, type AddressDeps } from './client-address.ts'
import type { IngestContext } from './context.ts'
import { readCredentials, readMediaPath } from './credentials.ts'
import type { RefusedStatus } from './refuse-upgrade.ts'
import { readStreamRoom, type StreamCapAlert } from './stream-cap.ts'
import type { Unproven } from './unproven.ts'
import type { Waiting } from './waiting.ts'

/** Half of what Exotel waits for a handshake, so that its one retry finds us well. */
const JUDGE_WITHIN_MS = 5_000
/** Handshakes in the making; each holds a connection and asks the database. */
const MAX_HANDSHAKES = 512

export type HandshakeDeps = Omit<AuthenticateDeps, 'admitsByAddress'> &
  AddressDeps &
  Pick<IngestContext, 'clock'> & {
    /** Whether a peer on the allow-list needs no credentials. */
    admitsByAddress: boolean
    isDraining: () => boolean
    unproven: Unproven
    waiting: Waiting
    alertStreamCap: StreamCapAlert
  }

/** `release` gives back the place among its tenant's sockets that have no stream yet. */
export type Verdict =
  { kind: 'admit'; admission: Admission; release: () => void } | { kind: RefusedStatus }

export type HandshakeRequest = Parameters<typeof clientOf>[1] & { url?: string | undefined }

/**
 * Judges handshakes: by where they come from, what they present, and how many there are already.
 * The verdict's `kind` is the HTTP status of a refusal.
 *
 * @throws DbError when the credentials cannot be judged now
 */
export function createJudge(deps: HandshakeDeps): (request: HandshakeRequest) => Promise<Verdict> {
  let underWay = 0

  const judgeCredentials = async (
    request: HandshakeRequest,
    o: { token: string | null; isListed: boolean },
  ): Promise<Verdict> => {
    const presented = readCredentials(o.token, request.headers.authorization)
    const admitsByAddress = deps.admitsByAddress && o.isListed
    const admission = await authenticate({ ...deps, admitsByAddress }, presented)
    if (admission === null) return { kind: 401 }
    // The address alone names no tenant: its cap is looked at when the call is found.
    if (admission.kind === 'address') return { kind: 'admit', admission, release: () => undefined }
    const { tenantId } = admission
    const callId = admission.kind === 'call' ? admission.callId : null
    const { cap, live } = await deps.database.withTenant(tenantId, (tx) =>
      readStreamRoom(tx, tenantId, callId),
    )
    if (cap !== null && live + deps.waiting.count(tenantId) >= cap) {
      deps.alertStreamCap(tenantId)
      return { kind: 429 }
    }
    return { kind: 'admit', admission, release: deps.waiting.enter(tenantId) }
  }

  const judge = async (request: HandshakeRequest): Promise<Verdict> => {
    const path = readMediaPath(request.url)
    if (path.kind === 'other') return { kind: 404 }
    if (deps.isDraining() || underWay > MAX_HANDSHAKES) return { kind: 503 }
    const { isListed, countedAs } = clientOf(deps, request)
    if (countedAs !== null && !(await deps.unproven.enter(countedAs))) return { kind: 429 }
    try {
      if (deps.allowedIps.length > 0 && !isListed) return { kind: 401 }
      const { token } = path
      const verdict = await within(deps, judgeCredentials(request, { token, isListed }))
      if (verdict.kind !== 'admit' || !deps.isDraining()) return verdict
      verdict.release()
      return { kind: 503 }
    } finally {
      if (countedAs !== null) deps.unproven.leave(countedAs)
    }
  }

  return async (request) => {
    underWay += 1
    try {
      return await judge(request)
    } finally {
      underWay -= 1
    }
  }
}

async function within({ clock }: HandshakeDeps, work: Promise<Verdict>): Promise<Verdict> {
  const answered = new AbortController()
  const isLate = clock.sleep(JUDGE_WITHIN_MS, answered.signal).then(
    () => true,
    () => false,
  )
  const first = await Promise.race([work.then((verdict) => ({ verdict })), isLate])
  answered.abort()
  if (typeof first === 'object') return first.verdict
  // A verdict that comes after all must not keep its place.
  work.then(
    (verdict) => verdict.kind === 'admit' && verdict.release(),
    () => undefined,
  )
  return { kind: 503 }
}
