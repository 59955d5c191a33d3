/** Backup and restore, apart from the package's front door: no service needs them. */
export { backupDatabase, type BackupProgress, type BackupSummary } from './backup-database.ts'
export { BackupError, type BackupErrorCode } from './backup-error.ts'
export { type KeyUse } from './count-key-ids.ts'
export { type BackupHeader } from './header.ts'
export { type KeyCheck } from './key-records.ts'
export { checkBackup, type BackupContent, type BackupSource } from './read-backup.ts'
export { restoreDatabase, type RestoreProgress, type RestoreSummary } from './restore-database.ts'
