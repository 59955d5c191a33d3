import { type Call } from './call.ts'
import {
  type ApiFault,
  type CallFault,
  type FaultKind,
  type FaultOf,
  type FaultSpec,
  isApiFault,
} from './fault.ts'
import { inScope } from './scope.ts'

export type FaultView = { id: string; taken: number; calls: readonly string[]; fault: FaultSpec }

export type Faults = {
  add(fault: FaultSpec): FaultView
  list(): FaultView[]
  clear(id?: string): void
  /** The first API fault for this request, counted as taken. */
  takeApi(request: {
    accountSid: string
    on: 'connect' | 'read'
    numbers: readonly string[]
  }): ApiFault | null
  /** Binds a new call to every fault that still has room; what is bound stays with the call. */
  bind(call: Call): void
  /** The call's faults of one kind. */
  of<K extends FaultKind>(kind: K, call: Call): FaultOf<K>[]
}

type Entry = { id: string; fault: FaultSpec; taken: number; calls: string[] }

/**
 * Faults on demand. A fault that names a `callSid` strikes that call whenever it was added.
 *
 * @param random - a number in [0, 1), thrown once for each fault that could strike
 */
export function createFaults(random: () => number = Math.random): Faults {
  let entries: Entry[] = []
  let nextId = 1

  const hasRoom = (entry: Entry): boolean =>
    entry.fault.times === 'always' || entry.taken < entry.fault.times
  const strikes = ({ fault }: Entry): boolean => fault.chance === 1 || random() < fault.chance
  const view = ({ id, taken, calls, fault }: Entry): FaultView => ({ id, taken, calls, fault })
  const names = (fault: CallFault, call: Call): boolean => fault.callSid === call.sid

  return {
    add(fault) {
      const entry: Entry = { id: `fault-${nextId}`, fault, taken: 0, calls: [] }
      nextId += 1
      entries.push(entry)
      return view(entry)
    },
    list: () => entries.map(view),
    clear(id) {
      entries = id === undefined ? [] : entries.filter((entry) => entry.id !== id)
    },
    takeApi(request) {
      for (const entry of entries) {
        const { fault } = entry
        if (!isApiFault(fault) || !hasRoom(entry)) continue
        if (fault.on !== 'any' && fault.on !== request.on) continue
        if (fault.accountSid !== undefined && fault.accountSid !== request.accountSid) continue
        const { number } = fault
        if (number !== undefined && !request.numbers.some((n) => n.endsWith(number))) continue
        if (!strikes(entry)) continue
        entry.taken += 1
        return fault
      }
      return null
    },
    bind(call) {
      for (const entry of entries) {
        if (isApiFault(entry.fault) || !hasRoom(entry) || !inScope(entry.fault, call)) continue
        if (!strikes(entry)) continue
        entry.taken += 1
        entry.calls.push(call.sid)
      }
    },
    of<K extends FaultKind>(kind: K, call: Call) {
      return entries.flatMap((entry) => {
        const { fault } = entry
        if (isApiFault(fault) || fault.kind !== kind) return []
        return entry.calls.includes(call.sid) || names(fault, call) ? [fault as FaultOf<K>] : []
      })
    },
  }
}
