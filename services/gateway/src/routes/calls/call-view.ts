import type { Principal } from '@callwire/accounts'
import type { Call } from '@callwire/contracts'
import { callHeads, calls, phones } from '@callwire/db'
import type { CallMetadata } from './call-metadata.ts'
import type { PersonNumbers } from './person-number.ts'

/** What a call is shown from: its row, its phone's number, its head. */
export const callColumns = {
  call: calls,
  phoneNumber: phones.number,
  seq: callHeads.seq,
}

export type ShownRow = {
  call: typeof calls.$inferSelect
  phoneNumber: string
  seq: number
  /** Where it is known without opening what is sealed. */
  person?: string
}

export type ViewCall = (row: ShownRow, reader: Pick<Principal, 'permissions'>) => Call

/** Shows calls: the other person's number in clear only to those who may read numbers. */
export function createViewCall(o: { numbers: PersonNumbers; metadata: CallMetadata }): ViewCall {
  return ({ call, phoneNumber, seq, ...known }, reader) => {
    const person =
      call.personSealed !== null && reader.permissions.has('pii:read')
        ? (known.person ?? o.numbers.open(call.tenantId, call.id, call.personSealed))
        : call.personMasked
    const outbound = call.direction === 'outbound'
    return {
      id: call.id,
      phoneId: call.phoneId,
      agentId: call.agentId,
      direction: call.direction,
      to: outbound ? person : phoneNumber,
      from: outbound ? phoneNumber : person,
      status: call.status,
      ...(call.reasonCode === null
        ? {}
        : { reason: { code: call.reasonCode, message: call.reasonMessage ?? '' } }),
      ...(call.sid === null ? {} : { sid: call.sid }),
      createdAt: call.createdAt.toISOString(),
      ...moment('scheduleAt', call.scheduleAt),
      ...moment('dialedAt', call.dialedAt),
      ...moment('answeredAt', call.answeredAt),
      ...moment('endedAt', call.endedAt),
      ...(call.durationSeconds === null ? {} : { durationSeconds: call.durationSeconds }),
      ...(call.legs === null ? {} : { legs: call.legs }),
      ...(call.metadataSealed === null
        ? {}
        : { metadata: o.metadata.open(call.tenantId, call.id, call.metadataSealed) }),
      seq,
    }
  }
}

/** The call as its first answer showed it: what a repeated request gets, however far it is by now. */
export function asPlaced(row: ShownRow): ShownRow {
  return {
    phoneNumber: row.phoneNumber,
    seq: 1,
    call: {
      ...row.call,
      status: 'queued',
      reasonCode: null,
      reasonMessage: null,
      sid: null,
      dialedAt: null,
      answeredAt: null,
      endedAt: null,
      durationSeconds: null,
      legs: null,
    },
  }
}

function moment<Name extends string>(name: Name, at: Date | null): Partial<Record<Name, string>> {
  return at === null ? {} : ({ [name]: at.toISOString() } as Partial<Record<Name, string>>)
}
