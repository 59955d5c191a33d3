/** What a person can do while the demo stays up. */
export function farewell(o: {
  gatewayUrl: string
  simulatorUrl: string
  callId: string
  email: string
  password: string
  apiKeyFile: string
}): string[] {
  return [
    '',
    'The system stays up; Ctrl-C stops it. Try next:',
    `  ${o.gatewayUrl}/docs   the API, with every route`,
    `  ${o.simulatorUrl}   the Exotel simulator (no telephone rings)`,
    `  npm run cli -- calls show ${o.callId}   the call again`,
    '  npm run cli -- simulator --help   calls that fail in every way',
    `  sign in as ${o.email} with ${o.password}; the API key is in ${o.apiKeyFile}`,
  ]
}
