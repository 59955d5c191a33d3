import { success, utteranceSchema, type CallEvent } from '@callwire/contracts'
import type { Database } from '@callwire/db'
import { transcriptOf, type Ledger } from '@callwire/ledger'
import { z } from 'zod'
import { ok } from '../../http/reply.ts'
import { idParams, route } from '../../http/route.ts'
import { requireCall } from './find-call.ts'

/** Events per read: a few reads for a long call, none of them slow. */
const readSize = 1_000

export function getTranscript(deps: {
  database: Pick<Database, 'withTenant'>
  ledger: Pick<Ledger, 'read'>
}) {
  return route({
    method: 'GET',
    path: '/calls/:id/transcript',
    access: 'transcripts:read',
    tag: 'calls',
    summary: 'The masked transcript so far',
    description: 'Each utterance in its last revision, in order of time.',
    params: idParams,
    replies: {
      200: success({ utterances: z.array(utteranceSchema) }).meta({ description: 'Utterances' }),
    },
    handle: async ({ principal, params: { id } }) => {
      const { tenantId } = principal
      await deps.database.withTenant(tenantId, (tx) => requireCall(tx, id))
      const events: CallEvent[] = []
      let after = 0
      for (;;) {
        const read = await deps.ledger.read(tenantId, id, { after, limit: readSize })
        events.push(...read)
        const last = read.at(-1)
        if (last === undefined || read.length < readSize) break
        after = last.seq
      }
      return ok(200, { utterances: transcriptOf(events) })
    },
  })
}
