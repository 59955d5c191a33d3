import { eventually } from '@callwire/testkit'
import postgres from 'postgres'

/** Sends requests for calls, and does `fault` while the first batch waits inside its transaction. */
export async function whileWritten<T>(
  databaseUrl: string,
  send: () => Promise<T>,
  fault: (release: () => Promise<unknown>) => Promise<void>,
): Promise<T> {
  const options = { max: 1, onnotice: () => undefined }
  const holder = postgres(databaseUrl, options)
  const watcher = postgres(databaseUrl, options)
  try {
    const reserved = await holder.reserve()
    await reserved`begin`
    await reserved`lock table app.call_events in share mode`
    const sent = send()
    await eventually(async () => {
      const waiting = await watcher`
        select from pg_stat_activity
        where wait_event_type = 'Lock' and datname = current_database()`
      return waiting.length > 0
    })
    await fault(() => reserved`rollback`)
    return await sent
  } finally {
    await Promise.all([holder.end({ timeout: 1 }), watcher.end({ timeout: 1 })]).catch(
      () => undefined,
    )
  }
}
