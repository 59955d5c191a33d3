import { refusalSentence, type KeyRefusal } from '@callwire/keyring'
import { CliFailure } from '../failure.ts'

/** What a person at a terminal does about a refusal. */
export function nextStep(refusal: KeyRefusal): string {
  switch (refusal.kind) {
    case 'unknown_key':
    case 'not_introduced':
      return `Run \`callwire keys introduce ${refusal.kid}\` first.`
    case 'not_held':
      return refusal.processes.length === 0
        ? 'Start the system, then try again.'
        : 'A keys file is read again within 30 s; a process with keys in its environment takes them up when it is restarted. Then try again.'
    case 'already_primary':
      return 'Go on with `callwire keys rotate`.'
    case 'is_primary':
      return 'Start with `callwire keys introduce`.'
    case 'in_use':
      return 'Run `callwire keys rotate`, then `callwire keys verify`.'
    case 'not_verified':
      return 'Run `callwire keys verify`.'
    case 'job_running': {
      const { kind, state } = refusal.job
      return state === 'paused'
        ? `Go on with \`callwire keys ${kind} --resume\`.`
        : `Follow it with \`callwire keys ${kind}\`.`
    }
    case 'no_job':
      return '`callwire keys rotate` starts one.'
    case 'calls_open':
      return 'Try again when they have ended.'
    case 'retired':
      return 'A retired id is never used again; `callwire keys introduce` finds a free one.'
    case 'primary_unclear':
      return refusal.processes.length === 0
        ? 'Start the system, then try again.'
        : 'Give all of them the same first key, then try again.'
  }
}

/** The refusal as a command's failure: why not, and what next. */
export function refused(refusal: KeyRefusal): CliFailure {
  const { kind: code, ...details } = refusal
  return new CliFailure(`${refusalSentence(refusal)} ${nextStep(refusal)}`, { code, details })
}
