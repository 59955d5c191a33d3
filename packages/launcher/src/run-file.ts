import { renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** What other programs on this machine may know about the running system. Holds secrets: mode 0600. */
export type RunFile = {
  readonly gatewayUrl: string
  readonly ingestUrl: string
  readonly copilotUrl: string
  readonly databaseUrl: string
  readonly redisUrl: string
  /** Present while a simulator runs. */
  readonly simulatorUrl?: string
  /** The file of the master ring that is read again and again; null when it comes from the environment. */
  readonly keysFile: string | null
  readonly pids: Readonly<Record<string, number>>
}

/** Replaces `<dataDir>/run.json` as a whole: a reader sees the old one or the new one. */
export function writeRunFile(dataDir: string, content: RunFile): void {
  const file = join(dataDir, 'run.json')
  writeFileSync(`${file}.new`, `${JSON.stringify(content, null, 2)}\n`, { mode: 0o600 })
  renameSync(`${file}.new`, file)
}

export function removeRunFile(dataDir: string): void {
  for (const name of ['run.json', 'run.json.new']) rmSync(join(dataDir, name), { force: true })
}
