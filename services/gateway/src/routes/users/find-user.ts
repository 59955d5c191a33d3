import { isId } from '@callwire/contracts'
import { users, type Tx } from '@callwire/db'
import { eq } from 'drizzle-orm'
import { notFound } from '../../http/api-error.ts'
import { userColumns, type UserRow } from './user-view.ts'

/**
 * The user of this tenant, locked.
 *
 * @throws ApiError `not_found`
 */
export async function findUser(tx: Tx, id: string): Promise<UserRow> {
  if (!isId('user', id)) throw notFound('user')
  const [row] = await tx.select(userColumns).from(users).where(eq(users.id, id)).for('update')
  if (row === undefined) throw notFound('user')
  return row
}
