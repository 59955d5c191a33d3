import type { Sealed } from '@callwire/crypto'
import { sql } from 'drizzle-orm'
import { text, timestamp } from 'drizzle-orm/pg-core'

/** The tenant a row belongs to: on every tenant's table, first in every key. */
export const tenantId = () => text('tenant_id').notNull()

/** A moment, with zone, to the millisecond; read as a Date. */
export const moment = (name: string) => timestamp(name, { withTimezone: true, precision: 3 })

/** Text that only packages/crypto may mint or open. */
export const sealed = (name: string) => text(name).$type<Sealed>()

/**
 * The id of the key that a sealed column names, null when it names none. The database makes it
 * from that column (migrations/0002-keys.sql), and nobody writes it.
 */
export const keyId = (name: string) => text(name).generatedAlwaysAs(sql`null`)
