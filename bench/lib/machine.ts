import { availableParallelism, cpus } from 'node:os'

/** What the figures were measured on. */
export function machine() {
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    node: process.version,
    openssl: process.versions.openssl,
  }
}
