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
/**
 * Handshakes being judged, of all clients together but those on the allow-list; each asks the
 * database. Who waits in its own client's line is not counted: a few of those would be everybody's.
 */
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
  let judged = 0

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
    // A token is good for one call: two sockets with the same one are of the same.
    const owner = callId ?? admission.tokenId
    const { cap, live } = await deps.database.withTenant(tenantId, (tx) =>
      readStreamRoom(tx, tenantId, callId),
    )
    if (cap !== null && live + deps.waiting.count(tenantId, owner) >= cap) {
      deps.alertStreamCap(tenantId)
      return { kind: 429 }
    }
    return { kind: 'admit', admission, release: deps.waiting.enter(tenantId, owner) }
  }

  const judgeInTime = async (...o: Parameters<typeof judgeCredentials>): Promise<Verdict> => {
    const verdict = await within(deps, judgeCredentials(...o))
    if (verdict.kind !== 'admit' || !deps.isDraining()) return verdict
    verdict.release()
    return { kind: 503 }
  }

  return async (request) => {
    const path = readMediaPath(request.url)
    if (path.kind === 'other') return { kind: 404 }
    if (deps.isDraining()) return { kind: 503 }
    const { isListed, countedAs } = clientOf(deps, request)
    if (!deps.allowedIps.isEmpty && !isListed) return { kind: 401 }
    const { token } = path
    if (countedAs === null) return judgeInTime(request, { token, isListed })
    if (!(await deps.unproven.enter(countedAs))) return { kind: 429 }
    judged += 1
    try {
      return judged > MAX_HANDSHAKES
        ? { kind: 503 }
        : await judgeInTime(request, { token, isListed })
    } finally {
      judged -= 1
      deps.unproven.leave(countedAs)
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
