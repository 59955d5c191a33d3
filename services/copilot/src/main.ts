import { run } from '@callwire/runtime'
import { environment } from './config.ts'
import { createCopilot } from './context.ts'

await run('copilot', (life) => createCopilot(environment(), life), {
  drains: true,
})
