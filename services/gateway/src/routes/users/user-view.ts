import type { User } from '@callwire/contracts'
import { users } from '@callwire/db'

/** Everything of a user but the password's hash. */
export const userColumns = {
  id: users.id,
  email: users.email,
  role: users.role,
  status: users.status,
  createdAt: users.createdAt,
  lastLoginAt: users.lastLoginAt,
}

export type UserRow = Pick<typeof users.$inferSelect, keyof typeof userColumns>

export function viewUser(row: UserRow): User {
  return {
    id: row.id,
    email: row.email,
    role: row.role,
    status: row.status,
    createdAt: row.createdAt.toISOString(),
    lastLoginAt: row.lastLoginAt?.toISOString() ?? null,
  }
}
