import { z } from 'zod'
import { type Call, type TerminalStatus } from './call.ts'
import { inScope, scopeShape } from './scope.ts'

const ms = z.int().min(0).max(3_600_000)
const outcome = z.enum(['completed', 'busy', 'no-answer', 'failed', 'canceled'])

/** How the telephone world treats a call. Times in ms of real time, multiplied by `timeScale`. */
export const ScenarioSchema = z.strictObject({
  ...scopeShape,
  /** How the first leg ends; `completed` means it is answered. */
  outcome: outcome.default('completed'),
  /** The second leg of a call between two numbers. */
  secondLeg: outcome.default('completed'),
  /** From the request to the first ring. */
  ringAfterMs: ms.default(150),
  /** From the first ring to the answer, or to the end of a call that is not answered. */
  ringMs: ms.default(450),
  /** From the answer of the first leg to that of the second. */
  secondLegMs: ms.default(400),
  /** How long an answered call lasts; left out: as long as its script. */
  talkMs: ms.optional(),
  /** From the end of the audio to the call's end. */
  endDelayMs: ms.default(100),
  timeScale: z.number().min(0).max(100).default(1),
})
export type Scenario = z.output<typeof ScenarioSchema>

export const DEFAULT_SCENARIO: Scenario = ScenarioSchema.parse({})

/** The last registered scenario whose scope holds the call. */
export const scenarioFor = (scenarios: readonly Scenario[], call: Call): Scenario =>
  scenarios.findLast((scenario) => inScope(scenario, call)) ?? DEFAULT_SCENARIO

export const isAnswered = (status: TerminalStatus): boolean => status === 'completed'
