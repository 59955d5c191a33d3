import type { Sealed } from '@callwire/crypto'
import { text, timestamp } from 'drizzle-orm/pg-core'

/** The tenant a row belongs to: on every tenant's table, first in every key. */
export const tenantId = () => text('tenant_id').notNull()

/** A moment, with zone, to the millisecond; read as a Date. */
export const moment = (name: string) => timestamp(name, { withTimezone: true, precision: 3 })

/** Text that only packages/crypto may mint or open. */
export const sealed = (name: string) => text(name).$type<Sealed>()
