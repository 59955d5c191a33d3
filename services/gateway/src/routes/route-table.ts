import type { Tokens } from '@callwire/accounts'
import type { Queues, Revocations, Tickets } from '@callwire/bus'
import type { ContentRing } from '@callwire/crypto'
import type { SealRing } from '@callwire/crypto'
import type { Database } from '@callwire/db'
import type { Ledger } from '@callwire/ledger'
import type { RecordingStore } from '@callwire/recordings'
import type { Clock, Logger, Random } from '@callwire/runtime'
import type { BestEffort } from '../best-effort.ts'
import type { Route } from '../http/route.ts'
import { createNewId } from '../new-id.ts'
import type { PublicUrls } from '../public-urls.ts'
import { createRecordAudit } from '../record-audit.ts'
import { createAgent } from './agents/create-agent.ts'
import { deleteAgent } from './agents/delete-agent.ts'
import { getAgent } from './agents/get-agent.ts'
import { listAgents } from './agents/list-agents.ts'
import { patchAgent } from './agents/patch-agent.ts'
import { createApiKey } from './api-keys/create-api-key.ts'
import { deleteApiKey } from './api-keys/delete-api-key.ts'
import { listApiKeys } from './api-keys/list-api-keys.ts'
import { listAudit } from './audit/list-audit.ts'
import { changePassword } from './auth/change-password.ts'
import { createFailedLogins } from './auth/failed-logins.ts'
import { login } from './auth/login.ts'
import { logout } from './auth/logout.ts'
import { refresh } from './auth/refresh.ts'
import { createCallMetadata } from './calls/call-metadata.ts'
import { createViewCall } from './calls/call-view.ts'
import { cancelCall } from './calls/cancel-call.ts'
import { createKeyClaims } from './calls/claim-key.ts'
import { createEnqueueCall } from './calls/enqueue-call.ts'
import { createCallStore } from './calls/store-call.ts'
import { getCall } from './calls/get-call.ts'
import { getReceipt } from './calls/get-receipt.ts'
import { getTranscript } from './calls/get-transcript.ts'
import { listCalls } from './calls/list-calls.ts'
import { listCandidates } from './calls/list-candidates.ts'
import { listEvents } from './calls/list-events.ts'
import { createPersonNumbers } from './calls/person-number.ts'
import { placeCall } from './calls/place-call.ts'
import { reconcileCall } from './calls/reconcile-call.ts'
import { getDialing } from './dialing/get-dialing.ts'
import { getInstallDialing } from './dialing/get-install-dialing.ts'
import { patchInstallDialing } from './dialing/patch-install-dialing.ts'
import { pauseDialing, resumeDialing } from './dialing/switch-dialing.ts'
import { getKeyStatus } from './keys/get-key-status.ts'
import { getRotation } from './keys/get-rotation.ts'
import { getVerification } from './keys/get-verification.ts'
import { introduceKey } from './keys/introduce-key.ts'
import { createOpenKeys } from './keys/open-keys.ts'
import { pauseRotation } from './keys/pause-rotation.ts'
import { promoteKey } from './keys/promote-key.ts'
import { resumeRotation } from './keys/resume-rotation.ts'
import { retireKey } from './keys/retire-key.ts'
import { startRotation } from './keys/start-rotation.ts'
import { startVerification } from './keys/start-verification.ts'
import { addNeverCall } from './never-call/add-never-call.ts'
import { importNeverCall } from './never-call/import-never-call.ts'
import { listNeverCall } from './never-call/list-never-call.ts'
import { createListedNumbers } from './never-call/listed-number.ts'
import { removeNeverCall } from './never-call/remove-never-call.ts'
import { checkPhone } from './phones/check-phone.ts'
import { deletePhone } from './phones/delete-phone.ts'
import { getPhone } from './phones/get-phone.ts'
import { importPhone } from './phones/import-phone.ts'
import { listPhones } from './phones/list-phones.ts'
import { makeIngestCredentials } from './phones/make-ingest-credentials.ts'
import { patchPhone } from './phones/patch-phone.ts'
import { putCredentials } from './phones/put-credentials.ts'
import { resetBreaker } from './phones/reset-breaker.ts'
import { createSealAccount } from './phones/seal-account.ts'
import { getRecording } from './recordings/get-recording.ts'
import { getRetention } from './retention/get-retention.ts'
import { getSettings } from './settings/get-settings.ts'
import { patchSettings } from './settings/patch-settings.ts'
import { listStreams } from './streams/list-streams.ts'
import { makeIngestToken } from './tokens/make-ingest-token.ts'
import { makeTicket } from './tokens/make-ticket.ts'
import { createUser } from './users/create-user.ts'
import { deleteUser } from './users/delete-user.ts'
import { getUser } from './users/get-user.ts'
import { listUsers } from './users/list-users.ts'
import { patchUser } from './users/patch-user.ts'
import { createWebhook } from './webhooks/create-webhook.ts'
import { deleteWebhook } from './webhooks/delete-webhook.ts'
import { enableWebhook } from './webhooks/enable-webhook.ts'
import { getWebhook } from './webhooks/get-webhook.ts'
import { listDeliveries } from './webhooks/list-deliveries.ts'
import { listWebhooks } from './webhooks/list-webhooks.ts'
import { patchWebhook } from './webhooks/patch-webhook.ts'
import { replayWebhook } from './webhooks/replay-webhook.ts'
import { rotateSecret } from './webhooks/rotate-secret.ts'
import { testWebhook } from './webhooks/test-webhook.ts'
import { createWebhookSecrets } from './webhooks/webhook-secrets.ts'

/** What the routes are made of; each takes its own slice. */
export type RouteDeps = {
  database: Database
  ledger: Ledger
  queues: Pick<Queues, 'wakeDialer' | 'wakeCheck'>
  tickets: Pick<Tickets, 'put'>
  revocations: Pick<Revocations, 'announce'>
  tokens: Tokens
  bestEffort: BestEffort
  clock: Clock
  random: Random
  log: Logger
  contentRing: ContentRing
  credentialRing: SealRing
  webhookRing: SealRing
  allowedHosts: readonly string[]
  /** `host:port` of webhooks that may be private and without TLS. */
  webhookHosts: readonly string[]
  /** Whether the dialer has an account for phones without one. */
  globalFallback: boolean
  urls: PublicUrls
  /** Where calls' audio is kept; null: nowhere. */
  store: RecordingStore | null
}

/** Every route below `/api/v1` but Exotel's callback, which reads bodies of its own kind. */
export function routeTable(given: RouteDeps): Route[] {
  const newId = createNewId(given)
  const numbers = createPersonNumbers(given.contentRing)
  const metadata = createCallMetadata(given.contentRing)
  const deps = {
    ...given,
    newId,
    numbers,
    metadata,
    ring: given.contentRing,
    audit: createRecordAudit(newId),
    listed: createListedNumbers(given.contentRing),
    failedLogins: createFailedLogins(given.clock),
    sealAccount: createSealAccount({
      ring: given.credentialRing,
      allowedHosts: given.allowedHosts,
    }),
    webhookSecrets: createWebhookSecrets({
      ring: given.webhookRing,
      random: given.random,
      newId,
    }),
    claims: createKeyClaims(given.contentRing),
    viewCall: createViewCall({ numbers, metadata }),
  }
  const enqueue = createEnqueueCall({ ...deps, store: createCallStore(deps) })
  const keys = { openKeys: createOpenKeys(deps) }
  return [
    ...[login(deps), refresh(deps), changePassword(deps), logout(deps)],
    ...[createUser(deps), listUsers(deps), getUser(deps), patchUser(deps), deleteUser(deps)],
    ...[createApiKey(deps), listApiKeys(deps), deleteApiKey(deps)],
    ...[importPhone(deps), listPhones(deps), getPhone(deps), patchPhone(deps), deletePhone(deps)],
    ...[putCredentials(deps), checkPhone(deps), makeIngestCredentials(deps), resetBreaker(deps)],
    ...[createAgent(deps), listAgents(deps), getAgent(deps), patchAgent(deps), deleteAgent(deps)],
    ...[placeCall({ ...deps, enqueue }), listCalls(deps), getCall(deps), cancelCall(deps)],
    ...[listEvents(deps), getTranscript(deps), getReceipt(deps), getRecording(deps)],
    ...[reconcileCall(deps), listCandidates(deps)],
    listStreams(deps),
    ...[makeTicket(deps), makeIngestToken(deps)],
    ...[getSettings(deps), patchSettings(deps), getRetention(deps)],
    ...[getDialing(deps), pauseDialing(deps), resumeDialing(deps)],
    ...[getInstallDialing(deps), patchInstallDialing(deps)],
    ...[addNeverCall(deps), importNeverCall(deps), listNeverCall(deps), removeNeverCall(deps)],
    ...[createWebhook(deps), listWebhooks(deps), getWebhook(deps), patchWebhook(deps)],
    ...[deleteWebhook(deps), enableWebhook(deps), rotateSecret(deps), testWebhook(deps)],
    ...[replayWebhook(deps), listDeliveries(deps)],
    ...[getKeyStatus(keys), introduceKey(keys), promoteKey(keys), retireKey(keys)],
    ...[startRotation(keys), getRotation(keys), pauseRotation(keys), resumeRotation(keys)],
    ...[startVerification(keys), getVerification(keys)],
    listAudit(deps),
  ]
}
