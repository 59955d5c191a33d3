import { run } from '@callwire/runtime'
import { readDialerConfig } from './config.ts'
import { createContext } from './context.ts'
import { startDialer } from './start-dialer.ts'

await run('dialer', async ({ log, signal }) => {
  const context = await createContext(readDialerConfig(), { log, signal })
  return startDialer(context)
})
