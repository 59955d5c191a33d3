/** What the set-up of a test run needs, outside vitest's workers. */
export { testServicePassword } from './provided.ts'
export { scratchDir } from '@callwire/stores/testing'
