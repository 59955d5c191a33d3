/**
 * The health of a container that lives on another's network. When that one was restarted, its old network has lost its
 * interfaces and nothing in it can be reached: the process is then told to end, so that Docker starts the container
 * again, on the new network.
 */
import { networkInterfaces } from 'node:os'

const addresses = Object.values(networkInterfaces()).flat()
if (addresses.every((address) => address.internal)) process.kill(1, 'SIGTERM')
await import('./healthcheck.mjs')
