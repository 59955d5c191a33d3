import { createClient, type Client } from '@callwire/sdk'
import type { Context } from './context.ts'

/** The gateway, asked with the key that the environment names. */
export function apiClient({ target }: Context): Client {
  return createClient({ baseUrl: target.gatewayUrl(), token: target.apiKey() })
}
