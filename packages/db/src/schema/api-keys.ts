// Written by accounts, for the gateway.
import type { Permission } from '@callwire/contracts'
import { pgTable, primaryKey, text } from 'drizzle-orm/pg-core'
import { moment, tenantId } from './columns.ts'

/** A program's key: its hash, and what it may do. */
export const apiKeys = pgTable(
  'api_keys',
  {
    tenantId: tenantId(),
    id: text('id').notNull(),
    name: text('name').notNull(),
    keyHash: text('key_hash').notNull(),
    /** The last four characters, to tell keys apart by eye. */
    hint: text('hint').notNull(),
    scopes: text('scopes').array().$type<Permission[]>().notNull(),
    createdAt: moment('created_at').notNull().defaultNow(),
    lastUsedAt: moment('last_used_at'),
    revokedAt: moment('revoked_at'),
  },
  (table) => [primaryKey({ columns: [table.tenantId, table.id] })],
)
