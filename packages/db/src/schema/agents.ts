// Written by the gateway.
import { pgTable, primaryKey, text } from 'drizzle-orm/pg-core'
import { moment, tenantId } from './columns.ts'

/** Who answers for a phone. Exactly the column of its kind is set. */
export const agents = pgTable(
  'agents',
  {
    tenantId: tenantId(),
    id: text('id').notNull(),
    name: text('name').notNull(),
    kind: text('kind').$type<'human' | 'flow' | 'stream'>().notNull(),
    number: text('number'),
    appId: text('app_id'),
    streamUrl: text('stream_url'),
    createdAt: moment('created_at').notNull().defaultNow(),
    deletedAt: moment('deleted_at'),
  },
  (table) => [primaryKey({ columns: [table.tenantId, table.id] })],
)
