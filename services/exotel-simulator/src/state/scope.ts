import { z } from 'zod'
import { type Call } from './call.ts'

/** Digits at the end of a number; command lines pass them as a number. */
const dialedEnd = z.string().regex(/^\+?\d{1,15}$/)

/** Whom something is meant for: all of what is given must match. `number` is the end of the dialed number. */
export const scopeShape = {
  accountSid: z.string().max(64).optional(),
  number: z.union([dialedEnd, z.int().min(0).transform(String).pipe(dialedEnd)]).optional(),
}

export type Scope = {
  accountSid?: string | undefined
  number?: string | undefined
  callSid?: string | undefined
}

/** The number that a scope's `number` is compared with: the person's, whoever was rung first. */
export const personNumber = (call: Pick<Call, 'mode' | 'from' | 'to'>): string =>
  call.mode === 'two-numbers' ? call.to : call.from

export function inScope(
  scope: Scope,
  call: Pick<Call, 'accountSid' | 'mode' | 'from' | 'to'> & { sid?: string },
): boolean {
  if (scope.callSid !== undefined && scope.callSid !== call.sid) return false
  if (scope.accountSid !== undefined && scope.accountSid !== call.accountSid) return false
  return scope.number === undefined || personNumber(call).endsWith(scope.number)
}
