import type { KeyRing } from '@callwire/crypto'
import { Secret } from '@callwire/runtime'
import type { RingName } from '../rings.ts'

/** What a configuration's schema is told of a value that is none. */
type Issues = { addIssue(issue: { code: 'custom'; message: string }): void }

/**
 * A ring as a step of a configuration's schema: parsed, its text kept to tell a changed file by.
 * The sentence names the rule, never the value.
 */
export function heldRing<Ring extends KeyRing>(name: RingName, parse: (text: string) => Ring) {
  return (text: string, context: Issues): { name: RingName; ring: Ring; text: Secret } => {
    try {
      return { name, ring: parse(text), text: new Secret(text) }
    } catch {
      context.addIssue({ code: 'custom', message: `must be a key ring like ${name} is derived` })
      // The schema fails by the issue: nobody gets this.
      return undefined as never
    }
  }
}
