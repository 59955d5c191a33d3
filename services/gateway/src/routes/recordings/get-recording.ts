import { Readable } from 'node:stream'
import type { Principal } from '@callwire/accounts'
import { failureSchema, recordingQuery } from '@callwire/contracts'
import { CryptoError, openDataKey, type ContentRing } from '@callwire/crypto'
import type { Database } from '@callwire/db'
import { mask } from '@callwire/masking'
import { layOut, MAX_WAV_BYTES, type RecordingStore } from '@callwire/recordings'
import type { Clock, Logger, Random } from '@callwire/runtime'
import type { FastifyRequest } from 'fastify'
import { z } from 'zod'
import { ApiError, notFound } from '../../http/api-error.ts'
import { idParams, route } from '../../http/route.ts'
import { actorOf, type RecordAudit } from '../../record-audit.ts'
import { requireCall } from '../calls/find-call.ts'
import { findRecording, isErased } from './find-recording.ts'
import { parseRange, type ByteRange } from './parse-range.ts'
import { damaged, erased, playRecording, type Playing } from './play-recording.ts'

type Deps = {
  database: Pick<Database, 'withTenant'>
  audit: RecordAudit
  contentRing: ContentRing
  store: RecordingStore | null
  clock: Clock
  random: Random
  log: Logger
}

const wav = (description: string) => z.unknown().meta({ description })

export function getRecording(deps: Deps) {
  return route({
    method: 'GET',
    path: '/calls/:id/recording',
    access: 'pii:read',
    tag: 'calls',
    summary: "Play our own copy of a call's audio",
    description:
      'One WAV (`audio/wav`, 16 bits, mono) on the clock of the call: what was not received is silence, and what came at another rate than the first is drawn to it. `Range` takes one range. Every play leaves a row in the audit, with its purpose, before the first byte; `HEAD` plays nothing. A part that cannot be opened ends the connection.',
    params: idParams,
    query: recordingQuery,
    replies: {
      200: wav('All of the audio'),
      206: wav('The range that was asked for'),
      416: failureSchema.meta({ description: 'The range begins behind the end' }),
    },
    handle: async ({ principal, params: { id }, query, request }) => {
      const playing = await lookUp(deps, principal, id)
      const { bytes } = playing.playback
      const range = rangeOf(request, bytes)
      if (range === 'unsatisfiable') return outOfRange(request, bytes)
      const { from, to } = range ?? { from: 0, to: bytes }
      const headers = {
        'content-type': 'audio/wav',
        'content-length': String(to - from),
        'content-disposition': `attachment; filename="${id}.wav"`,
        'accept-ranges': 'bytes',
        ...(range === null ? {} : { 'content-range': `bytes ${from}-${to - 1}/${bytes}` }),
      }
      const answer = (body: Readable) =>
        range === null
          ? ({ status: 200, headers, body } as const)
          : ({ status: 206, headers, body } as const)
      if (request.method === 'HEAD') return answer(Readable.from([]))
      await auditPlay(deps, principal, { playing, purpose: query.purpose, range })
      return answer(await streamOf(deps, playing, { from, to }))
    },
  })
}

/** @throws ApiError `not_found`, `recording_erased`, `recording_too_long`, `unavailable`, `recording_integrity` */
async function lookUp(
  deps: Deps,
  { tenantId }: Principal,
  callId: string,
): Promise<Playing & { store: RecordingStore }> {
  const found = await deps.database.withTenant(tenantId, async (tx) => {
    await requireCall(tx, callId)
    return findRecording(tx, callId)
  })
  if (found === null) throw notFound('recording')
  if (found.wrapped === null) {
    throw erased()
  }
  const playback = layOut(found.parts)
  if (playback === null) throw notFound('recording')
  if (playback.bytes > MAX_WAV_BYTES) {
    throw new ApiError(
      'recording_too_long',
      'The audio of this call is longer on its clock than the 4 GiB that a WAV holds.',
    )
  }
  if (deps.store === null) {
    throw new ApiError('unavailable', 'No store of recordings is configured here.')
  }
  const recordingId = found.id
  try {
    const dataKey = openDataKey(deps.contentRing, { tenantId, recordingId }, found.wrapped)
    return { tenantId, callId, recordingId, dataKey, playback, store: deps.store }
  } catch (error) {
    if (!(error instanceof CryptoError)) throw error
    deps.log.error(
      { alert: 'recording_integrity', severity: 'page', callId, recordingId },
      'alert raised',
    )
    throw damaged()
  }
}

/** Without a validator of ours, whoever sends one wants all of it (RFC 9110 §13.1.5). */
function rangeOf(request: FastifyRequest, bytes: number): ByteRange | 'unsatisfiable' | null {
  return request.headers['if-range'] === undefined ? parseRange(request.headers.range, bytes) : null
}

function outOfRange(request: FastifyRequest, bytes: number) {
  const error = {
    code: 'range_not_satisfiable',
    message: 'The range begins behind the end of the audio.',
    requestId: request.id,
  } as const
  return {
    status: 416,
    headers: { 'content-range': `bytes */${bytes}` },
    body: { success: false, error },
  } as const
}

async function auditPlay(
  deps: Deps,
  principal: Principal,
  o: { playing: Playing; purpose: string; range: ByteRange | null },
): Promise<void> {
  const { tenantId, callId, recordingId } = o.playing
  await deps.database.withTenant(tenantId, (tx) =>
    deps.audit(tx, {
      tenantId,
      actor: actorOf(principal),
      action: 'recording.played',
      target: { kind: 'call', id: callId },
      details: {
        recordingId,
        // A person wrote it, and may have written a number into it.
        purpose: mask(o.purpose).text,
        ...(o.range === null ? {} : { fromByte: o.range.from, toByte: o.range.to - 1 }),
      },
    }),
  )
}

/** Its first bytes are there when it is given away: what fails by then is an answer, not a cut. */
async function streamOf(
  deps: Deps,
  playing: Playing & { store: RecordingStore },
  range: ByteRange,
): Promise<Readable> {
  const { store } = playing
  // Beyond the header and silence, so that the first part has been opened.
  const { tenantId, recordingId } = playing
  const erasedNow = () => deps.database.withTenant(tenantId, (tx) => isErased(tx, recordingId))
  const chunks = playRecording({ ...deps, store, isErased: erasedNow }, playing, range)
  const head: Buffer[] = []
  let first = await chunks.next()
  if (first.done !== true && range.from === 0) {
    head.push(first.value)
    first = await chunks.next()
  }
  if (first.done !== true) head.push(first.value)
  return Readable.from(
    (async function* () {
      yield* head
      yield* chunks
    })(),
    { objectMode: false },
  )
}
