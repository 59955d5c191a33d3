import type { SessionGrant } from '@callwire/accounts'

/** What a person who signed in gets: an access token for minutes, a refresh token for weeks. */
export function sessionData({ accessToken, refreshToken, expiresIn, user }: SessionGrant) {
  return { accessToken, refreshToken, expiresIn, user }
}
