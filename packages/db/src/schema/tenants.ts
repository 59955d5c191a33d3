// Written by accounts (a tenant is made) and the gateway (its settings).
import { boolean, pgTable, text } from 'drizzle-orm/pg-core'
import { moment, tenantId } from './columns.ts'

/** A customer of the install. Its own id is its `tenant_id`, so one policy serves every table. */
export const tenants = pgTable('tenants', {
  tenantId: tenantId().primaryKey(),
  name: text('name').notNull(),
  /** The tenant an empty install starts with; the first real tenant takes its place. */
  isDefault: boolean('is_default').notNull().default(false),
  /** Its administrators may run the install's own affairs. At most one. */
  isOperator: boolean('is_operator').notNull().default(false),
  dialingPaused: boolean('dialing_paused').notNull().default(false),
  createdAt: moment('created_at').notNull().defaultNow(),
})
