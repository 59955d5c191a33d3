export { ID_RANDOM_BYTES, idPrefixes, idSchemas, isId, newId, type IdKind } from './ids.ts'
export { brokenStreamEnds, isBrokenStreamEnd, type BrokenStreamEnd } from './stream-end.ts'
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
  ERASED_NUMBER,
  isFinal,
  metadataSchema,
  rankOf,
  shownCallSchema,
  reasonSchema,
  type Call,
  type CallCandidate,
  type CallLeg,
  type CallReason,
  type CallStatus,
  type Direction,
  type ShownCall,
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
  wordEventTypes,
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
  importNeverCallBody,
  listNeverCallQuery,
  MOST_NUMBERS_AT_ONCE,
  neverCallImportSchema,
  neverCallSchema,
  type AddNeverCallBody,
  type ImportNeverCallBody,
  type NeverCall,
  type NeverCallImport,
} from './routes/never-call.ts'
export {
  patchSettingsBody,
  settingsSchema,
  type PatchSettingsBody,
  type Settings,
} from './routes/settings.ts'
export { retentionDaysSchema, type RetentionDays } from './retention-days.ts'
export { retentionSchema, retentionSweptDetails, type Retention } from './routes/retention.ts'
export {
  listStreamsQuery,
  STREAM_STALE_AFTER_MS,
  streamSchema,
  type Stream,
} from './routes/streams.ts'
export {
  callRecordingSchema,
  purposeSchema,
  recordingQuery,
  type CallRecording,
} from './routes/recordings.ts'
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
export {
  createWebhookBody,
  listWebhookDeliveriesQuery,
  patchWebhookBody,
  replayWebhookBody,
  rotateWebhookSecretQuery,
  WEBHOOK_KEPT_DAYS,
  WEBHOOK_OVERLAP_HOURS,
  WEBHOOK_TEST_CODE,
  WEBHOOK_TEST_TYPE,
  webhookDeliverySchema,
  webhookDeliveryStateSchema,
  webhookSchema,
  webhookUrlSchema,
  webhookWithSecretSchema,
  type CreateWebhookBody,
  type PatchWebhookBody,
  type ReplayWebhookBody,
  type Webhook,
  type WebhookDelivery,
  type WebhookWithSecret,
} from './routes/webhooks.ts'
export { webhookErrorCodes, type WebhookErrorCode } from './webhook-error.ts'
