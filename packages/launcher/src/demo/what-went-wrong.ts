import type { Ending } from '@callwire/cli'

/** Null when the call went as it should; else one sentence. */
export function whatWentWrong(ending: Ending): string | null {
  if (ending.receipt === null) return 'The demo call came to no receipt within its time.'
  if (ending.status !== 'completed')
    return `The demo call ended as ${ending.status ?? 'nothing'}, not as completed.`
  if (ending.receipt.utterances === 0) return 'The demo call has no transcript.'
  return null
}
