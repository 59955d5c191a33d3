import { sealedPlaces, type SealedPlace } from '@callwire/db'
import {
  callbackInboxPlace,
  callKeysPlace,
  callMetadataPlace,
  idempotencyKeysPlace,
  recordingKeysPlace,
  recordingUrlPlace,
} from './content-places.ts'
import { callPersonPlace, neverCallPlace } from './person-places.ts'
import { phoneCredentialsPlace } from './phone-credentials.ts'
import type { Place } from './place.ts'
import { webhookSecretsPlace } from './webhook-secrets.ts'

const byName: Readonly<Record<SealedPlace, Place>> = {
  phone_credentials: phoneCredentialsPlace,
  'calls.person': callPersonPlace,
  'calls.metadata': callMetadataPlace,
  'calls.recording_url': recordingUrlPlace,
  call_keys: callKeysPlace,
  callback_inbox: callbackInboxPlace,
  idempotency_keys: idempotencyKeysPlace,
  never_call: neverCallPlace,
  recordings: recordingKeysPlace,
  webhook_secrets: webhookSecretsPlace,
}

/** Every place of text sealed under a ring, in the order they are worked through. */
export const places: readonly Place[] = sealedPlaces.map((place) => byName[place])

export function placeNamed(place: SealedPlace): Place {
  return byName[place]
}
