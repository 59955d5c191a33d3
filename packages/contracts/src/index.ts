export { ID_RANDOM_BYTES, idPrefixes, idSchemas, isId, newId, type IdKind } from './ids.ts'
export { countrySchema, e164Schema, normalizePhoneNumber } from './phone-number.ts'
export { errorCodes, statusOf, type ErrorCode } from './error-code.ts'
export { failureSchema, page, pageQuery, success, type Failure } from './envelope.ts'
export {
  grantableRoles,
  permissionSchema,
  permissions,
  permissionsOf,
  roles,
  roleSchema,
  type Permission,
  type Role,
} from './role.ts'
export {
  callReasonCodes,
  callReasonCodeSchema,
  reasonOf,
  type CallReasonCode,
} from './call-reason.ts'
export {
  callingHoursSchema,
  capsSchema,
  weekdays,
  type CallingHours,
  type Caps,
  type Weekday,
} from './calling-rules.ts'
export {
  callCandidateSchema,
  callLegSchema,
  callSchema,
  callStatuses,
  callStatusSchema,
  canMove,
  directionSchema,
  isFinal,
  metadataSchema,
  rankOf,
  reasonSchema,
  type Call,
  type CallCandidate,
  type CallLeg,
  type CallReason,
  type CallStatus,
  type Direction,
} from './call.ts'
export {
  alertSchema,
  boardEventTypes,
  callEventSchema,
  eventData,
  eventTypes,
  interimSchema,
  isBoardEvent,
  maskKindSchema,
  rangeSchema,
  receiptSchema,
  utteranceSchema,
  type Alert,
  type AlertSeverity,
  type CallEvent,
  type ErasedEvent,
  type EventData,
  type EventType,
  type Interim,
  type LiveEvent,
  type Receipt,
  type Utterance,
} from './event.ts'
export {
  BOARD_TOPIC,
  callTopic,
  clientMessageSchema,
  CONSUMER_PROTOCOL,
  serverMessageSchema,
  socketClose,
  socketErrorCodes,
  type ClientMessage,
  type ServerMessage,
  type SocketErrorCode,
  type TenantAlert,
} from './consumer-socket.ts'
export type { CallJob, CheckJob } from './job.ts'
export {
  apiKeySchema,
  createApiKeyBody,
  createdApiKeySchema,
  createdUserSchema,
  createUserBody,
  emailSchema,
  ingestTokenBody,
  ingestTokenReply,
  loginBody,
  newPasswordSchema,
  passwordBody,
  patchUserBody,
  refreshBody,
  sessionReply,
  sessionUserSchema,
  ticketReply,
  userSchema,
  type ApiKey,
  type User,
} from './routes/auth.ts'
export {
  exotelConfigSchema,
  exotelSidSchema,
  importPhoneBody,
  ingestCredentialsSchema,
  listPhonesQuery,
  patchPhoneBody,
  phoneCheckSchema,
  phoneSchema,
  tagsSchema,
  type ExotelConfig,
  type ListPhonesQuery,
  type Phone,
  type PhoneCheck,
} from './routes/phones.ts'
export {
  agentSchema,
  createAgentBody,
  patchAgentBody,
  streamUrlSchema,
  type Agent,
} from './routes/agents.ts'
export {
  idempotencyKeySchema,
  listCallsQuery,
  listEventsQuery,
  MAX_TIME_LIMIT_SECONDS,
  placeCallBody,
  receiptReply,
  reconcileCallBody,
  type PlaceCallBody,
  type ReconcileCallBody,
} from './routes/calls.ts'
export {
  dialingSchema,
  installDialingSchema,
  patchInstallDialingBody,
  type Dialing,
  type InstallDialing,
} from './routes/dialing.ts'
export {
  addNeverCallBody,
  listNeverCallQuery,
  neverCallSchema,
  type AddNeverCallBody,
  type NeverCall,
} from './routes/never-call.ts'
export {
  patchSettingsBody,
  settingsSchema,
  type PatchSettingsBody,
  type Settings,
} from './routes/settings.ts'
export { auditEntrySchema, listAuditQuery, type AuditEntry } from './routes/audit.ts'
export {
  keyBody,
  keyHolderSchema,
  keyIdSchema,
  keyJobSchema,
  keyRefusals,
  keyStateSchema,
  keyStatusSchema,
  sealingKeySchema,
  type KeyHolder,
  type KeyJobView,
  type KeyRefusal,
  type KeyStatus,
  type SealingKey,
} from './routes/keys.ts'
