export { type AccountRequests } from './account-requests.ts'
export {
  mayBeOfOne,
  type Batch,
  type CallToPlace,
  type DialToBegin,
  type PlacedCall,
  type SidToBind,
} from './batch.ts'
export { connectDatabase, type Database } from './connect-database.ts'
export { connectProvisioner, type Provisioner } from './connect-provisioner.ts'
export { followDatabaseClock, type DatabaseClock } from './database-clock.ts'
export { DbError, isUniqueViolation } from './db-error.ts'
export { type DbErrorCode } from './classify.ts'
export { type Finder, type Found, type FoundCall, type FoundPhone } from './finder.ts'
export {
  sealedPlaces,
  type KeyHolder,
  type KeyJob,
  type KeyRecord,
  type KeyStore,
  type SealedPlace,
} from './key-store.ts'
export { migrateDatabase } from './migrate/migrate-database.ts'
export { serviceDatabaseUrl, serviceNames, type ServiceName } from './service-name.ts'
export { tenantCountIn } from './tenant-count.ts'
export {
  callToDialIn,
  type ApiKeyRow,
  type CallerRow,
  type CallToDialRow,
  type Reader,
} from './reader.ts'
export { statement, type Statement } from './statement.ts'
export { type Ready } from './in-one-piece.ts'
export { commitBehind, type AtOnce, type Transact, type Tx } from './transaction.ts'
export {
  accountRequests,
  agents,
  apiKeys,
  auditLog,
  callbackInbox,
  callEvents,
  callHeads,
  callKeys,
  calls,
  callSecrets,
  idempotencyKeys,
  install,
  mediaStreams,
  neverCall,
  phoneChecks,
  phoneCredentials,
  phones,
  recordingParts,
  recordings,
  sessions,
  streamTokens,
  tenantAlerts,
  tenants,
  transcriptions,
  users,
  webhookCursors,
  webhookDeliveries,
  webhookEndpoints,
  webhookSecrets,
} from './schema/index.ts'
