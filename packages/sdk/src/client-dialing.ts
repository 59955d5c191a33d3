import type {
  addNeverCallBody,
  CallCandidate,
  Call,
  Dialing,
  importNeverCallBody,
  InstallDialing,
  NeverCall,
  NeverCallImport,
  patchInstallDialingBody,
  patchSettingsBody,
  reconcileCallBody,
  Retention,
  Settings,
} from '@callwire/contracts'
import type { z } from 'zod'
import { at, type Page, type PageQuery, type Verbs } from './verbs.ts'

/** Rules of dialing, its switches, and whom never to call. What is safe to send twice is sent again. */
export function dialingRoutes({ get, request, remove }: Verbs) {
  const repeatable = true
  return {
    settings: {
      get: () => get<{ settings: Settings }>('settings'),
      /** What is left out stays as it is; null takes a rule away. */
      update: (body: z.input<typeof patchSettingsBody>) =>
        request<{ settings: Settings }>('PATCH', 'settings', { body, repeatable }),
    },
    /** What is past its life, and what was erased last; how long things are kept is a setting. */
    retention: {
      get: () => get<{ retention: Retention }>('retention'),
    },
    neverCall: {
      /** A number that is listed already gets the new reason and expiry. */
      add: (body: z.input<typeof addNeverCallBody>) =>
        request<{ neverCall: NeverCall }>('POST', 'never-call', { body, repeatable }),
      /** Many at once, for one reason: all of them, or none when one is no number. */
      import: (body: z.input<typeof importNeverCallBody>) =>
        request<{ import: NeverCallImport }>('POST', 'never-call/import', { body, repeatable }),
      list: (query: PageQuery & { number?: string; country?: string } = {}) =>
        get<Page<'neverCall', NeverCall>>('never-call', query),
      remove: (id: string) => remove(`never-call/${at(id)}`),
    },
    /** The tenant's own dialing. */
    dialing: {
      get: () => get<{ dialing: Dialing }>('dialing'),
      pause: () => request<{ dialing: Dialing }>('POST', 'dialing/pause', { repeatable }),
      resume: () => request<{ dialing: Dialing }>('POST', 'dialing/resume', { repeatable }),
    },
    /** The whole install's: for the operator's tenant alone. */
    install: {
      dialing: () => get<{ dialing: InstallDialing }>('install/dialing'),
      setDialing: (body: z.input<typeof patchInstallDialingBody>) =>
        request<{ dialing: InstallDialing }>('PATCH', 'install/dialing', { body, repeatable }),
    },
  }
}

/** What a person does about a call that is parked. */
export function parkedCallRoutes({ get, request }: Verbs) {
  return {
    candidates: (id: string) => get<{ candidates: CallCandidate[] }>(`calls/${at(id)}/candidates`),
    /** `{sid}`: that call of Exotel's is this one; `{notPlaced: true}`: there is none. */
    reconcile: (id: string, body: z.input<typeof reconcileCallBody>) =>
      request<{ call: Call }>('POST', `calls/${at(id)}/reconcile`, { body }),
  }
}
