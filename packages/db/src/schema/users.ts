// Written by accounts, for the gateway.
import type { Role } from '@callwire/contracts'
import { boolean, pgTable, primaryKey, text } from 'drizzle-orm/pg-core'
import { moment, tenantId } from './columns.ts'

/** A person who signs in. E-mails are unique across the install. */
export const users = pgTable(
  'users',
  {
    tenantId: tenantId(),
    id: text('id').notNull(),
    email: text('email').notNull(),
    passwordHash: text('password_hash').notNull(),
    role: text('role').$type<Role>().notNull(),
    status: text('status').$type<'active' | 'disabled'>().notNull().default('active'),
    mustChangePassword: boolean('must_change_password').notNull().default(false),
    createdAt: moment('created_at').notNull().defaultNow(),
    lastLoginAt: moment('last_login_at'),
  },
  (table) => [primaryKey({ columns: [table.tenantId, table.id] })],
)

/**
 * One sign-in: its end, and its refresh token as two hashes. The family part stays, and finds the
 * session; the secret part is replaced at each use, so an old one shows that a token was copied.
 */
export const sessions = pgTable(
  'sessions',
  {
    tenantId: tenantId(),
    id: text('id').notNull(),
    userId: text('user_id').notNull(),
    familyHash: text('family_hash').notNull(),
    refreshHash: text('refresh_hash').notNull(),
    createdAt: moment('created_at').notNull().defaultNow(),
    expiresAt: moment('expires_at').notNull(),
    revokedAt: moment('revoked_at'),
  },
  (table) => [primaryKey({ columns: [table.tenantId, table.id] })],
)
