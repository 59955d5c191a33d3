import { run } from '@callwire/runtime'
import { readGatewayConfig } from './config.ts'
import { startGateway } from './start-gateway.ts'

/** Longer than the longest drain a configuration should ask for; the last resort behind it. */
const graceMs = 75_000

await run('gateway', (life) => startGateway(readGatewayConfig(), life), { graceMs })
