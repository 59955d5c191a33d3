import { setFlagsFromString } from 'node:v8'

/**
 * For processes through which audio flows, called before anything else. Where V8 once saw buffers
 * live long it makes later ones old from birth. An old buffer's memory is let go by a full
 * collection alone, and so there is one every second or two, each holding the process up for a tenth
 * of a second; those that are born young are gone with the next small one.
 */
export function keepBuffersYoung(): void {
  setFlagsFromString('--no-allocation-site-pretenuring')
}
