import type { KeyRefusal as Reason } from '@callwire/contracts'
import { refusalSentence, type KeyRefusal } from '@callwire/keyring'
import { ApiError, type ErrorDetails } from '../../http/api-error.ts'
import { viewJob, viewProcess } from './key-view.ts'

/** A step that cannot be taken now: a 409 whose `details.reason` says why. */
export function keyConflict(refusal: KeyRefusal): ApiError {
  return new ApiError('conflict', refusalSentence(refusal), { details: detailsOf(refusal) })
}

function detailsOf(refusal: KeyRefusal): ErrorDetails {
  const { kind, ...rest } = refusal
  const reason: Reason = kind
  return {
    reason,
    ...rest,
    ...('processes' in refusal ? { processes: refusal.processes.map(viewProcess) } : {}),
    ...('job' in refusal ? { job: viewJob(refusal.job) } : {}),
  }
}
