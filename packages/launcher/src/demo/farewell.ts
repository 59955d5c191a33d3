/** What a person can do while the demo stays up. */
export function farewell(o: {
  gatewayUrl: string
  simulatorUrl: string
  callId: string
  phoneId: string
  email: string
  password: string
  apiKeyFile: string
}): string[] {
  return [
    '',
    'The system stays up; Ctrl-C stops it. Try next:',
    `  ${o.gatewayUrl}/docs   the API, with every route`,
    `  ${o.simulatorUrl}   the Exotel simulator (no telephone rings)`,
    `  npm run cli -- calls show ${o.callId}`,
    `  npm run cli -- calls place --phone ${o.phoneId} --to 9876500002   then: calls tail <id>`,
    '  npm run cli -- simulator fault cut   Exotel’s next reply is lost; place a call, and see it found again',
    `  sign in as ${o.email} with ${o.password}; the API key is in ${o.apiKeyFile}`,
  ]
}
