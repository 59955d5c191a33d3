import { run } from '@callwire/runtime'
import { readCourierConfig } from './config.ts'
import { createContext } from './context.ts'
import { startCourier } from './start-courier.ts'

await run('courier', async ({ log, signal }) => {
  const context = await createContext(readCourierConfig(), { log, signal })
  return startCourier(context)
})
