import type { KeyProcess, KeyRefusal } from './refusal.ts'

/** A refusal for people: what stands in the way, and what to do next. */
export function explainRefusal(refusal: KeyRefusal): string {
  switch (refusal.kind) {
    case 'unknown_key':
      return `No process holds a key ${refusal.kid}, and none was introduced by that id. Start with \`callwire keys introduce ${refusal.kid}\`.`
    case 'not_introduced':
      return `The key ${refusal.kid} is not introduced yet. Run \`callwire keys introduce ${refusal.kid}\` first.`
    case 'not_held':
      return `The key ${refusal.kid} is missing in ${named(refusal.processes)}. Give it to them (a keys file is read again within 30 s; a process with keys in its environment is restarted), then try again.`
    case 'already_primary':
      return `The key ${refusal.kid} is the primary one already. Go on with \`callwire keys rotate\`.`
    case 'is_primary':
      return `The key ${refusal.kid} is the primary one, which seals. Promote another key first.`
    case 'in_use':
      return `${count(refusal.rows, 'row is', 'rows are')} still sealed under the key ${refusal.kid}. Run \`callwire keys rotate\`, then \`callwire keys verify\`.`
    case 'not_verified':
      return `Nobody has opened every row since the last rotation. Run \`callwire keys verify\` before the key ${refusal.kid} is retired.`
    case 'job_running': {
      const { kind, state } = refusal.job
      const what = kind === 'rotate' ? 'A rotation' : 'A verification'
      return state === 'paused'
        ? `${what} is paused. Go on with \`callwire keys ${kind} --resume\`.`
        : `${what} is under way. Follow it with \`callwire keys ${kind}\`.`
    }
    case 'no_job':
      return 'Nothing is under way. `callwire keys rotate` starts a rotation.'
    case 'calls_open':
      return `${count(refusal.count, 'call that was', 'calls that were')} placed under the key ${refusal.kid} may still hear from Exotel. Try again when they have ended.`
    case 'retired':
      return `The key ${refusal.kid} is retired, and a retired id is never used again. Take a new id.`
    case 'primary_unclear':
      return refusal.processes.length === 0
        ? 'No process of this install is running, so nobody can tell which key seals now. Start it, then try again.'
        : `No key was promoted yet, and processes seal with different ones: ${primaries(refusal.processes)}. Give all of them the same first key, then try again.`
  }
}

function count(n: number, one: string, many: string): string {
  return `${n} ${n === 1 ? one : many}`
}

function named(processes: readonly KeyProcess[]): string {
  return processes.map(({ service, instance }) => `${service} (${instance})`).join(', ')
}

function primaries(processes: readonly KeyProcess[]): string {
  return processes
    .map(({ service, instance, primary }) => `${service} (${instance}) with ${primary}`)
    .join(', ')
}
