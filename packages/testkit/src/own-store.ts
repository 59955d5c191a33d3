/** A store that belongs to one test alone, which may kill it. The port stays the same through restarts. */
export type OwnStore = AsyncDisposable & {
  readonly url: string
  readonly port: number
  /** Ends the server without asking, as a crash would. */
  kill(): Promise<void>
  /** Stops the server in good order. */
  stop(): Promise<void>
  /** Starts it again on what it left; stops it first if it runs. */
  restart(): Promise<void>
}

type Running = {
  readonly url: string
  readonly port: number
  readonly exited: Promise<unknown>
  stop(): Promise<void>
  kill(): void
}

/** Keeps one server that `start` starts (again), on the same port. */
export async function ownStore(
  start: (port: number | undefined) => Promise<Running>,
  cleanUp: () => Promise<void>,
): Promise<OwnStore> {
  let running = await start(undefined)
  const { url, port } = running
  return {
    url,
    port,
    async kill() {
      running.kill()
      await running.exited
    },
    async stop() {
      await running.stop()
    },
    async restart() {
      await running.stop()
      running = await start(port)
    },
    async [Symbol.asyncDispose]() {
      await running.stop()
      await cleanUp()
    },
  }
}
