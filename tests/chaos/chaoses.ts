import { dial } from './dial.ts'
import type { Chaos } from './lib/figure.ts'
import { media } from './media.ts'

/** Every fault run by the name it is called with. */
export const chaoses: ReadonlyMap<string, Chaos> = new Map([
  ['dial', dial],
  ['media', media],
])
